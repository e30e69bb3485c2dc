import { Type } from 'typebox'

/** Small schemas that many contracts share. Times are Unix milliseconds (UTC); civil days are Asia/Shanghai. */
export const id = Type.String({ format: 'uuid' })
export const instant = Type.Integer({ description: 'Unix time in milliseconds, UTC' })
export const civilDay = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'civil day in Asia/Shanghai' })
export const fen = Type.String({ pattern: '^-?\\d{1,18}$', description: 'amount in fen as a decimal string' })
export const basisPoints = Type.Integer({ minimum: 0, maximum: 10_000 })
export const uscc = Type.String({
  pattern: '^[0-9A-HJ-NPQRTUWXY]{18}$',
  description: '统一社会信用代码, GB 32100-2015',
})
export const regionCode = Type.String({
  pattern: '^\\d{2}(\\d{2}(\\d{2})?)?$',
  description: 'GB/T 2260 prefix: 2, 4 or 6 digits',
})
export const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })
export const name = Type.String({ minLength: 1, maxLength: 120 })
export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
