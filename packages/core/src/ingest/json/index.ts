export {
  createJsonDecoder,
  type JsonDecodeOptions,
  type JsonDecoder,
  type JsonDecoderOptions,
  type JsonLimits,
} from './json-decoder.ts'
