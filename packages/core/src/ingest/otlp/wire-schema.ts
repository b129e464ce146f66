/** What a field of a message holds, as far as a check of the envelope needs to know. */
export type FieldShape = 'text' | 'packed-varint' | 'packed-fixed64' | MessageShape

/** Length-delimited fields by number; all other fields are told by their wire type alone. */
export interface MessageShape {
  readonly fields: ReadonlyMap<number, FieldShape>
}

interface MutableShape extends MessageShape {
  readonly fields: Map<number, FieldShape>
}

function shape(fields: readonly (readonly [number, FieldShape])[]): MutableShape {
  return { fields: new Map(fields) }
}

// Messages of opentelemetry/proto/{common,resource,metrics}/v1; the comment gives the field's name there.
const anyValue = shape([[1, 'text']]) // string_value
const keyValue = shape([
  [1, 'text'], // key
  [2, anyValue], // value
])
anyValue.fields.set(5, shape([[1, anyValue]])) // array_value
anyValue.fields.set(6, shape([[1, keyValue]])) // kvlist_value

const exemplar = shape([[7, keyValue]]) // filtered_attributes
const numberPoint = shape([
  [5, exemplar], // exemplars
  [7, keyValue], // attributes
])
const histogramPoint = shape([
  [6, 'packed-fixed64'], // bucket_counts
  [7, 'packed-fixed64'], // explicit_bounds
  [8, exemplar], // exemplars
  [9, keyValue], // attributes
])
const buckets = shape([[2, 'packed-varint']]) // bucket_counts
const exponentialPoint = shape([
  [1, keyValue], // attributes
  [8, buckets], // positive
  [9, buckets], // negative
  [11, exemplar], // exemplars
])
const summaryPoint = shape([
  [6, shape([])], // quantile_values
  [7, keyValue], // attributes
])
const metric = shape([
  [1, 'text'], // name
  [2, 'text'], // description
  [3, 'text'], // unit
  [5, shape([[1, numberPoint]])], // gauge
  [7, shape([[1, numberPoint]])], // sum
  [9, shape([[1, histogramPoint]])], // histogram
  [10, shape([[1, exponentialPoint]])], // exponential_histogram
  [11, shape([[1, summaryPoint]])], // summary
  [12, keyValue], // metadata
])
const scope = shape([
  [1, 'text'], // name
  [2, 'text'], // version
  [3, keyValue], // attributes
])
const entityRef = shape([
  [1, 'text'], // schema_url
  [2, 'text'], // type
  [3, 'text'], // id_keys
  [4, 'text'], // description_keys
])
const resource = shape([
  [1, keyValue], // attributes
  [3, entityRef], // entity_refs
])
const scopeMetrics = shape([
  [1, scope], // scope
  [2, metric], // metrics
  [3, 'text'], // schema_url
])
const resourceMetrics = shape([
  [1, resource], // resource
  [2, scopeMetrics], // scope_metrics
  [3, 'text'], // schema_url
])

export const EXEMPLAR_SHAPE: MessageShape = exemplar
/** `ExportMetricsServiceRequest`, which has the same fields as `MetricsData`. */
export const REQUEST_SHAPE: MessageShape = shape([[1, resourceMetrics]]) // resource_metrics
