/** What the shapes on the charts mean. */
export function StateKey() {
  return (
    <footer class="state-key" aria-label="Key of the window states">
      {KEY.map(([word, picture]) => (
        <span key={word}>
          <svg viewBox="0 0 28 12" aria-hidden="true">
            {picture}
          </svg>
          {word}
        </span>
      ))}
    </footer>
  )
}

const KEY = [
  ['closed', <path d="M2 8 L26 4" />],
  ['open', <path d="M2 8 L21 5" stroke-dasharray="5 3" />, <circle cx="24" cy="5" r="2.5" />],
  ['partial', <path d="M2 8 L26 4" stroke-dasharray="1.5 3" />],
  ['corrected', <path d="M2 10 L26 9 M11 1 L17 1 L14 6 Z" />],
  [
    'incomplete',
    <path class="thin" d="M2 4 L26 3" />,
    <path class="warn" d="M2 12 l4 -4 M7 12 l4 -4 M12 12 l4 -4 M17 12 l4 -4 M22 12 l4 -4" />,
  ],
  ['no data', <path class="hatched" d="M1 12 l8 -12 M8 12 l8 -12 M15 12 l8 -12" />],
].map(([word, ...shapes]) => [word as string, shapes] as const)
