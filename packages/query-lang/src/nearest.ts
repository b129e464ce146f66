/**
 * Edits between two words: insert, delete, replace, or swap two neighbours, each part edited at most once
 * (optimal string alignment after Damerau, 1964). Stops early and gives `limit + 1` when it must be more.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, (beforeLast[j - 2] as number) + 1)
      row.push(edits)
      least = Math.min(least, edits)
    }
    if (least > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}

/**
 * The candidate that `word` was probably meant to be, or undefined. Case does not count; a third of the word's
 * length may differ, at most two edits. The first of equally near ones wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  if (wanted.length > 128) return undefined
  let limit = Math.min(2, Math.floor(wanted.length / 3))
  let best: string | undefined
  for (const candidate of candidates) {
    const edits = editDistance(wanted, candidate.toLowerCase(), limit)
    if (edits > limit || candidate === word) continue
    best = candidate
    if (edits === 0) break
    limit = edits - 1
  }
  return best
}
