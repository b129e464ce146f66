/** What the shapes on the charts mean. */
export function StateKey() {
  return (
    <section class="state-key" aria-label="Key of the window states">
      {KEY.map(({ word, picture }) => (
        <span key={word}>
          <svg viewBox="0 0 28 12" aria-hidden="true">
            {picture}
          </svg>
          {word}
        </span>
      ))}
    </section>
  )
}

const KEY = [
  { word: 'closed', picture: <path d="M2 8 L26 4" /> },
  {
    word: 'open',
    picture: (
      <>
        <path d="M2 8 L21 5" stroke-dasharray="5 3" />
        <circle cx="24" cy="5" r="2.5" />
      </>
    ),
  },
  { word: 'partial', picture: <path d="M2 8 L26 4" stroke-dasharray="1.5 3" /> },
  { word: 'corrected', picture: <path d="M2 10 L26 9 M11 1 L17 1 L14 6 Z" /> },
  {
    word: 'incomplete',
    picture: (
      <>
        <path class="thin" d="M2 4 L26 3" />
        <path class="warn" d="M2 12 l4 -4 M7 12 l4 -4 M12 12 l4 -4 M17 12 l4 -4 M22 12 l4 -4" />
      </>
    ),
  },
  { word: 'backfill, replay', picture: <path d="M1 11 H27" stroke-dasharray="1.5 2.5" /> },
  { word: 'no data', picture: <path class="hatched" d="M1 12 l8 -12 M8 12 l8 -12 M15 12 l8 -12" /> },
]
