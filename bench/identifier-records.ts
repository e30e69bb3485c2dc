import { encodeData, type HandleValue, newValue } from '@kapok/identifier/handle'

/** Records of the node that is measured. */
export const benchRecords = 1_000_000
/** Records of a node that signs them: SM2 takes most of a millisecond each. */
export const certifiedRecords = 20_000

const admin = encodeData({ format: 'admin', permissions: 0xfff, handle: '0.NA/88.608.8889', index: 300 })
const timestamp = 1_700_000_000
const value = (index: number, type: string, data: string | Buffer) =>
  newValue(index, type, Buffer.from(data as string), { timestamp })

export const benchHandle = (n: number): string => `88.608.8889/P${n}`
export const benchUrl = (n: number): string => `https://id.example.cn/01/06901234567892/21/${n}`

/** A record like a real one, of about 250 bytes: URL, Digital Link, administrator, three fields. */
export function benchRecord(n: number): { handle: string; values: HandleValue[] } {
  return {
    handle: benchHandle(n),
    values: [
      value(1, 'URL', benchUrl(n)),
      value(100, 'HS_ADMIN', admin),
      value(2_000, 'NAME', '深沟球轴承'),
      value(2_001, 'MODEL', '6204-2RS'),
      value(2_002, 'BATCH', `B2026-${n % 1_000}`),
    ],
  }
}

/** Records of the node whose GS1 resolver is measured. */
export const gs1Records = 200_000

const gtin = '06901234567892'
export const gs1Path = (n: number): string => `/01/${gtin}/21/S${n}`
export const gs1Target = (n: number): string => `https://brand.example.cn/p/${n}`

/** One thing of a product as the GS1 resolver has it: product page, instructions in two languages, certificate. */
export function gs1Record(n: number): { handle: string; values: HandleValue[] } {
  const link = (index: number, data: object) => value(index, 'GS1_LINK', JSON.stringify(data))
  const manual = { linkType: 'gs1:instructions', type: 'application/pdf' }
  return {
    handle: benchHandle(n),
    values: [
      value(1, 'GS1_DL', `https://id.gs1.org${gs1Path(n)}`),
      value(2, 'NAME', '深沟球轴承'),
      link(10, { linkType: 'gs1:pip', href: gs1Target(n), title: '产品', default: true }),
      link(11, { ...manual, href: 'https://brand.example.cn/zh.pdf', title: '说明书', hreflang: ['zh-CN'] }),
      link(12, { ...manual, href: 'https://brand.example.cn/en.pdf', title: 'Manual', hreflang: ['en'] }),
      link(13, { linkType: 'gs1:certificationInfo', href: 'https://brand.example.cn/cert', title: '证书' }),
    ],
  }
}
