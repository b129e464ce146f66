import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern } from '../../src/registry/pattern-matcher.ts'

function glob(text: string): (name: string) => boolean {
  return compilePattern({ kind: 'glob', glob: text })
}

describe('patterns that are no globs', () => {
  test('any matches every name, the empty one too', () => {
    const matches = compilePattern({ kind: 'any' })
    expect([matches(''), matches('web-01')]).toEqual([true, true])
  })

  test('exact takes glob characters literally', () => {
    const matches = compilePattern({ kind: 'exact', value: 'a*' })
    expect([matches('a*'), matches('ab')]).toEqual([true, false])
  })
})

describe('globs', () => {
  test.each<[string, string[], string[]]>([
    ['', [''], ['a']],
    ['web', ['web'], ['', 'we', 'webs', 'WEB']],
    ['web-*', ['web-', 'web-01', 'web-*'], ['web', 'xweb-1']],
    ['*-canary', ['-canary', 'a-b-canary'], ['canary', 'x-canary-1']],
    ['*', ['', 'anything at all'], []],
    ['a**b', ['ab', 'axxb'], ['a', 'abx']],
    ['a*b*c', ['abc', 'aXbYc', 'abbcc', 'abcabc'], ['ac', 'acb', 'abcx']],
    ['*aab', ['aab', 'aaaab'], ['aabb', 'aa']],
    ['w?b', ['web', 'w?b'], ['wb', 'weeb']],
    ['??', ['ab', '😀é'], ['a', 'abc', '😀']],
    ['web-0[1-3]', ['web-01', 'web-03'], ['web-00', 'web-04', 'web-0', 'web-012']],
    ['[!a-c]x', ['dx', '-x'], ['ax', 'cx', 'x']],
    ['[^0-9]', ['a'], ['5', '']],
    ['[a-]', ['a', '-'], ['b']],
    ['[-a]', ['a', '-'], ['b']],
    ['[{,}]', ['{', ',', '}'], ['a']],
    ['[é-ü]', ['é', 'ö'], ['e', 'þ']],
    ['{web,api}-*', ['web-1', 'api-2'], ['db-1', 'web', 'webapi-1']],
    ['{a,}b', ['ab', 'b'], ['a', 'aab']],
    ['{a*,b?}c', ['ac', 'axyc', 'bxc'], ['bc', 'bxyc']],
    ['{a,{b,c}d}', ['a', 'bd', 'cd'], ['b', 'd', 'ad']],
    ['x{,y{,z}}', ['x', 'xy', 'xyz'], ['xz', 'xyy']],
    ['*{a,b}*', ['a', 'xbx'], ['', 'xyz']],
    ['{*,x}', ['', 'abc'], []],
    ['{*}{*}a', ['a', 'ba'], ['', 'ab']],
    ['{[,],a}', [',', 'a'], ['', 'b']],
    ['a,b', ['a,b'], ['a', 'b']],
    ['a}', ['a}'], ['a']],
    ['a]', ['a]'], ['a']],
    ['a\\*', ['a\\', 'a\\b'], ['a*']],
    ['a.b', ['a.b'], ['axb']],
  ])('%s', (text, right, wrong) => {
    const matches = glob(text)
    expect({ right: right.filter(matches), wrong: wrong.filter(matches) }).toEqual({ right, wrong: [] })
  })

  test('states beyond one machine word', () => {
    const text = `${'ab'.repeat(40)}*${'c'.repeat(40)}{d,${'e'.repeat(40)}}`
    const matches = glob(text)
    expect(matches(`${'ab'.repeat(40)}${'c'.repeat(77)}${'e'.repeat(40)}`)).toBe(true)
    expect(matches(`${'ab'.repeat(40)}xx${'c'.repeat(40)}d`)).toBe(true)
    expect(matches(`${'ab'.repeat(40)}${'c'.repeat(39)}d`)).toBe(false)
    expect(matches(`${'ab'.repeat(40)}${'c'.repeat(40)}${'e'.repeat(39)}`)).toBe(false)
  })

  test.each([
    ['web-[0-9', '[ at 4 is not closed'],
    ['{a,b', '{ at 0 is not closed'],
    ['a{b,{c}', '{ at 1 is not closed'],
    ['[]', '[] is empty'],
    ['[!]', '[!] is empty'],
    ['[z-a]', 'the range z-a runs backwards'],
    ['a'.repeat(257), 'at most 256 characters'],
  ])('refuses %s', (text, message) => {
    expect(() => glob(text)).toThrow(RangeError)
    expect(() => glob(text)).toThrow(message)
  })
})

/** A pattern as a tree, its text, and a slow matcher that is obviously right: it lists where a match can end. */
type Tree = string | { readonly any: '*' | '?' } | { readonly either: readonly (readonly Tree[])[] }

function textOf(trees: readonly Tree[]): string {
  return trees
    .map((tree) => {
      if (typeof tree === 'string') return tree
      return 'any' in tree ? tree.any : `{${tree.either.map(textOf).join(',')}}`
    })
    .join('')
}

function endsOf(trees: readonly Tree[], name: string, from: number): Set<number> {
  let ends = new Set([from])
  for (const tree of trees) {
    const next = new Set<number>()
    for (const end of ends) {
      if (typeof tree === 'string') {
        if (name[end] === tree) next.add(end + 1)
      } else if ('any' in tree) {
        if (tree.any === '?') {
          if (end < name.length) next.add(end + 1)
        } else for (let to = end; to <= name.length; to++) next.add(to)
      } else for (const alternative of tree.either) for (const to of endsOf(alternative, name, end)) next.add(to)
    }
    ends = next
  }
  return ends
}

const { trees } = fc.letrec<{ trees: Tree[]; tree: Tree }>((tie) => ({
  trees: fc.array(tie('tree'), { maxLength: 5 }),
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Tree>('a', 'b', { any: '*' }, { any: '?' }),
    fc.record({ either: fc.array(tie('trees'), { minLength: 1, maxLength: 3 }) }),
  ),
}))

test('agrees with a matcher that tries every way', () => {
  const names = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  fc.assert(
    fc.property(trees, fc.array(names, { minLength: 1, maxLength: 5 }), (pattern, candidates) => {
      const text = textOf(pattern)
      fc.pre(text.length <= 256)
      const matches = glob(text)
      for (const name of candidates) expect(matches(name)).toBe(endsOf(pattern, name, 0).has(name.length))
    }),
    { numRuns: 2_000 },
  )
})

describe('time stays proportional to the name', () => {
  const name = 'a'.repeat(100_000)

  /** Processor time, so that other work on the machine does not count. */
  function spentMs(since: NodeJS.CpuUsage): number {
    const { user, system } = process.cpuUsage(since)
    return (user + system) / 1_000
  }

  test.each([
    ['many stars', `${'*a'.repeat(127)}*b`],
    ['stars and question marks', `*a${'?'.repeat(250)}b`],
    ['alternatives with stars', `{${'*a,'.repeat(80)}b}b`],
    ['alternatives with one beginning', `{${'a*,'.repeat(80)}b}c`],
    ['braces in a row', `${'*{a,}'.repeat(50)}b`],
    ['nested braces', `*${'{a,'.repeat(60)}b${'}'.repeat(60)}c`],
    ['classes', `${'*[!b]'.repeat(51)}b`],
  ])('%s', (_, text) => {
    const matches = glob(text)
    const started = process.cpuUsage()
    expect(matches(name)).toBe(false)
    expect(spentMs(started)).toBeLessThan(50)
  })

  test('more sets of states than are remembered', () => {
    // The set after each character tells which of the last 60 characters were an `a`: 2^60 of them.
    const matches = glob(`*a${'?'.repeat(60)}`)
    let seed = 1
    const random = Array.from({ length: 20_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % 2 === 0 ? 'a' : 'b'
    }).join('')
    const started = process.cpuUsage()
    expect(matches(`${random}a${'b'.repeat(60)}`)).toBe(true)
    expect(matches(`${random}b${'a'.repeat(60)}`)).toBe(false)
    expect(spentMs(started)).toBeLessThan(50)
  })
})
