/**
 * Templates (元数据模板): what the fields of a record are, typed, and who may read them. A template is a record of its own;
 * each version has its handle, e.g. `88.608.8889/template/shaft/1.0`.
 */
export {
  type FieldFault,
  indexesIn,
  readersOf,
  recordFaults,
  templateOf,
} from './check-values.ts'
export { templateLimits } from './limits.ts'
export { narrowings } from './narrowing.ts'
export {
  knownTemplate,
  readTemplate,
  type Template,
  TemplateError,
  type TemplateField,
  templateTypes,
} from './template-json.ts'
