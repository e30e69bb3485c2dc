import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

type Words = { zh: string; en: string }

/** Where the value stands that breaks its contract: `body.contract.lines[0].amountFen`. */
function placeOf(context: string | undefined, { instancePath }: FastifySchemaValidationError): string {
  const path = instancePath.replace(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.')
  return `${context ?? 'body'}${path}`
}

/**
 * What of a request breaks its contract, as a person can act on it. One row a keyword of JSON Schema (2020-12
 * validation vocabulary); a keyword without a row is told by the validator's own words in English.
 */
const rows: Partial<Record<string, (params: Record<string, unknown>) => Words>> = {
  required: ({ missingProperty }) => ({ zh: `缺少 ${missingProperty}`, en: `${missingProperty} is missing` }),
  additionalProperties: ({ additionalProperty }) => ({
    zh: `不认识 ${additionalProperty}`,
    en: `${additionalProperty} is not known here`,
  }),
  type: ({ type }) => ({ zh: `类型应为 ${type}`, en: `the type must be ${type}` }),
  enum: ({ allowedValues }) => ({
    zh: `只能是 ${(allowedValues as unknown[]).join('、')} 之一`,
    en: `it must be one of ${(allowedValues as unknown[]).join(', ')}`,
  }),
  const: ({ allowedValue }) => ({ zh: `只能是 ${allowedValue}`, en: `it must be ${allowedValue}` }),
  anyOf: () => ({ zh: '不是允许的任何一种取值', en: 'it is none of the values that are allowed' }),
  pattern: ({ pattern }) => ({ zh: `格式应符合 ${pattern}`, en: `it must match ${pattern}` }),
  format: ({ format }) => ({ zh: `格式应为 ${format}`, en: `it must be written as ${format}` }),
  minLength: ({ limit }) => ({ zh: `至少 ${limit} 个字符`, en: `it needs at least ${limit} characters` }),
  maxLength: ({ limit }) => ({ zh: `最多 ${limit} 个字符`, en: `it may have at most ${limit} characters` }),
  minItems: ({ limit }) => ({ zh: `至少 ${limit} 项`, en: `it needs at least ${limit} items` }),
  maxItems: ({ limit }) => ({ zh: `最多 ${limit} 项`, en: `it may have at most ${limit} items` }),
  minimum: ({ limit }) => ({ zh: `不得小于 ${limit}`, en: `it must be at least ${limit}` }),
  maximum: ({ limit }) => ({ zh: `不得大于 ${limit}`, en: `it must be at most ${limit}` }),
}

export function validationWords(context: string | undefined, first: FastifySchemaValidationError): Words {
  const place = placeOf(context, first)
  const words = rows[first.keyword]?.(first.params) ?? { zh: first.message ?? '', en: first.message ?? '' }
  return { zh: `${place} ${words.zh}`, en: `${place}: ${words.en}` }
}
