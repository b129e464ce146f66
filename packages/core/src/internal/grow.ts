/** A longer copy of a typed array; the new entries are 0. */
export function growUint32(from: Uint32Array, capacity: number): Uint32Array {
  const to = new Uint32Array(capacity)
  to.set(from)
  return to
}

export function growInt32(from: Int32Array, capacity: number, fill = 0): Int32Array {
  const to = new Int32Array(capacity)
  to.set(from)
  if (fill !== 0) to.fill(fill, from.length)
  return to
}

export function growFloat64(from: Float64Array, capacity: number, fill = 0): Float64Array {
  const to = new Float64Array(capacity)
  to.set(from)
  if (fill !== 0) to.fill(fill, from.length)
  return to
}

export function growFloat32(from: Float32Array, capacity: number): Float32Array {
  const to = new Float32Array(capacity)
  to.set(from)
  return to
}

export function growUint8(from: Uint8Array, capacity: number): Uint8Array {
  const to = new Uint8Array(capacity)
  to.set(from)
  return to
}
