/** A fact about a running engine, as the script writes it. Times are ms since the script's epoch. */
export type FactValue = number | string | boolean | null
export type FactType = 'number' | 'time' | 'text' | 'boolean'
export type FactSubject = 'sent' | 'points' | 'counters' | 'query' | 'progress' | 'source' | 'lag' | 'metric'

/** What `expect SUBJECT ..` can ask about, and of which type each answer is. */
export const FACTS: Readonly<Record<FactSubject, Readonly<Record<string, FactType>>>> = {
  sent: { accepted: 'number', duplicates: 'number', shed: 'number', rejected: 'number' },
  points: {
    received: 'number',
    accepted: 'number',
    duplicate: 'number',
    shed: 'number',
    rejected: 'number',
    duplicateConflict: 'number',
    precisionLost: 'number',
  },
  counters: {
    matched: 'number',
    applied: 'number',
    lateApplied: 'number',
    toRepair: 'number',
    toSide: 'number',
    lateDropped: 'number',
    excluded: 'number',
  },
  query: {
    state: 'text',
    version: 'number',
    covers: 'time',
    final: 'time',
    watermark: 'time',
    series: 'number',
    unmatched: 'text',
    text: 'text',
    units: 'text',
  },
  progress: { finalThrough: 'time', watermark: 'time', version: 'number', lateDropped: 'number', told: 'number' },
  source: { state: 'text', watermark: 'time', newest: 'time', backlog: 'number' },
  lag: { watermark: 'time', next: 'time', holding: 'text', latest: 'time' },
  metric: { kind: 'text', assumed: 'boolean', unit: 'text', series: 'number', conflicts: 'number' },
}

/** Subjects that are about one named thing. */
export const NAMED_SUBJECTS: ReadonlySet<FactSubject> = new Set([
  'counters',
  'query',
  'progress',
  'source',
  'lag',
  'metric',
])

export function isFactSubject(word: string): word is FactSubject {
  return Object.hasOwn(FACTS, word)
}

/** The type of a fact, or undefined when the subject has no such fact. `rejected.future` counts one reason. */
export function factType(subject: FactSubject, name: string): FactType | undefined {
  const types = FACTS[subject]
  if (Object.hasOwn(types, name)) return types[name]
  const countsReason = (subject === 'sent' || subject === 'points') && /^rejected\.[a-z-]+$/.test(name)
  return countsReason ? 'number' : undefined
}
