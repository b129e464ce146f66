import type { CstElement, CstNode, IToken } from 'chevrotain'

/** Concrete tree elements come as lists by name; with error recovery any of them may be missing. */

function isNode(element: CstElement): element is CstNode {
  return 'children' in element
}

export function nodesOf(parent: CstNode | undefined, name: string): CstNode[] {
  return (parent?.children[name] ?? []).filter(isNode)
}

export function nodeOf(parent: CstNode | undefined, name: string): CstNode | undefined {
  return nodesOf(parent, name)[0]
}

/** Tokens that stand in the text, not those that recovery put in. */
export function tokenOf(parent: CstNode | undefined, ...names: string[]): IToken | undefined {
  for (const name of names)
    for (const element of parent?.children[name] ?? [])
      if (!isNode(element) && element.isInsertedInRecovery !== true) return element
  return undefined
}

export function tokensOf(parent: CstNode | undefined, name: string): IToken[] {
  return (parent?.children[name] ?? []).filter((element): element is IToken => !isNode(element))
}

/** First and last token below a node. */
export function extentOf(node: CstNode): { first: IToken; last: IToken } | undefined {
  let first: IToken | undefined
  let last: IToken | undefined
  const visit = (element: CstElement): void => {
    if (isNode(element)) {
      for (const children of Object.values(element.children)) for (const child of children) visit(child)
    } else if (element.isInsertedInRecovery !== true) {
      if (first === undefined || element.startOffset < first.startOffset) first = element
      if (last === undefined || element.startOffset > last.startOffset) last = element
    }
  }
  visit(node)
  return first === undefined || last === undefined ? undefined : { first, last }
}
