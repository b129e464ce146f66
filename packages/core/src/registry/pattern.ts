/** How a name is matched. Globs know `*`, `?`, `[..]` and `{a,b}`; matching is linear in the name's length. */
export type Pattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'glob'; readonly glob: string }

/** A pattern made ready to match many names. */
export type PatternMatcher = (name: string) => boolean
