import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Headings as the anchors that rendered Markdown gives them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  )
}

test('every link between documents leads to a file, and to a heading where it names one', () => {
  const files = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const broken: string[] = []
  let links = 0
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      links++
      const [path, anchor] = target!.split('#') as [string, string?]
      const full = path === '' ? join(root, file) : join(root, dirname(file), path)
      if (!existsSync(full)) broken.push(`${file}: ${target}`)
      else if (anchor !== undefined && !anchorsOf(readFileSync(full, 'utf8')).has(anchor))
        broken.push(`${file}: ${target}`)
    }
  }
  expect(broken).toEqual([])
  expect(links).toBeGreaterThan(20)
})
