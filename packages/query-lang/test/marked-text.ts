/** Text with `«..»` around stretches, split into the bare text and where they are. */
export function unmark(marked: string): { text: string; marks: { start: number; end: number }[] } {
  const marks: { start: number; end: number }[] = []
  let text = ''
  for (const piece of marked.split(/([«»])/)) {
    if (piece === '«') marks.push({ start: text.length, end: text.length })
    else if (piece === '»') marks.push({ start: (marks.pop() as { start: number }).start, end: text.length })
    else text += piece
  }
  return { text, marks }
}

/** A tree without its spans, for comparison. */
export function withoutSpans(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part) => (key === 'span' ? undefined : part)))
}
