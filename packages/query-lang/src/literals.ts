const ESCAPES: Readonly<Record<string, string>> = { '"': '"', "'": "'", '\\': '\\', n: '\n', t: '\t' }

/**
 * The text a quoted literal stands for, quotes included in `image`. Knows `\" \' \\ \n \t \uXXXX`.
 * `badEscapes` are offsets into `image` of backslashes that begin nothing known; they are left out of the value.
 */
export function unquote(image: string): { readonly value: string; readonly badEscapes: readonly number[] } {
  const badEscapes: number[] = []
  let value = ''
  for (let i = 1; i < image.length - 1; i++) {
    const character = image[i] as string
    if (character !== '\\') {
      value += character
      continue
    }
    const name = image[i + 1] as string
    const plain = Object.hasOwn(ESCAPES, name) ? ESCAPES[name] : undefined
    const unit = name === 'u' ? /^[0-9A-Fa-f]{4}$/.exec(image.slice(i + 2, i + 6)) : null
    if (plain !== undefined) {
      value += plain
      i += 1
    } else if (unit !== null) {
      value += String.fromCharCode(Number.parseInt(unit[0], 16))
      i += 5
    } else badEscapes.push(i)
  }
  return { value, badEscapes }
}

/** A double-quoted literal that reads back as `value`. What is invisible or breaks a line is written `\uXXXX`. */
export function quote(value: string): string {
  const body = value.replace(/["\\\n\t]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    if (character === '"' || character === '\\') return `\\${character}`
    return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join('')
  })
  return `"${body}"`
}
