import type { LineLook } from '../chart/palette.ts'
import type { ColumnRole } from '../model/query-shape.ts'

/** The mark that ties a name to its line. */
export function Swatch({ look, role = 'line' }: { readonly look: LineLook; readonly role?: ColumnRole }) {
  return (
    <i
      class={`swatch line-${look.colour + 1} dash-${look.dash} ${role === 'line' ? '' : 'is-band'}`}
      aria-hidden="true"
    />
  )
}
