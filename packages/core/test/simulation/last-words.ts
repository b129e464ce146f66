import type { WindowResult } from '../../src/index.ts'
import { groupKey, said } from './row-words.ts'
import { hold } from './violation.ts'

interface LastWord {
  readonly row: WindowResult
  readonly life: number
}

/** What a reader holds who was there all the time: the newest revision of each row, over all lives of the engine. */
export class LastWords {
  readonly #rows = new Map<string, LastWord>()
  #greatest = 0
  #greatestOfEarlier = 0
  #life = 0

  /** The engine died. */
  beginLife(): void {
    this.#life++
    this.#greatestOfEarlier = this.#greatest
  }

  take(row: WindowResult): void {
    const where = `${row.query} v${row.queryVersion} [${row.startMs}, ${row.endMs}) ${groupKey(row)}`
    const key = identityOf(row)
    const last = this.#rows.get(key)
    const least = Math.max(this.#greatestOfEarlier, last?.row.revision ?? 0)
    hold('revision-ever', row.revision > least, () => `${where} has revision ${row.revision} after ${least}`)
    hold(
      'repeat-ever',
      last === undefined || last.life !== this.#life || said(last.row) !== said(row),
      () => `${where} was said twice: ${said(row)}`,
    )
    this.#greatest = Math.max(this.#greatest, row.revision)
    this.#rows.set(key, { row, life: this.#life })
  }

  get(identity: Parameters<typeof identityOf>[0]): WindowResult | undefined {
    return this.#rows.get(identityOf(identity))?.row
  }

  /** All rows of a version of a query. */
  of(tenant: string, query: string, queryVersion: number): WindowResult[] {
    return [...this.#rows.values()]
      .map(({ row }) => row)
      .filter((row) => row.tenant === tenant && row.query === query && row.queryVersion === queryVersion)
  }
}

function identityOf(row: Pick<WindowResult, 'tenant' | 'query' | 'queryVersion' | 'group' | 'startMs'>): string {
  return `${row.tenant}/${row.query}/${row.queryVersion}/${row.startMs}/${groupKey(row)}`
}
