import { type Check, certificateWithKey, fail, integer, optional, shape, text } from '../check.ts'
import { joined } from '../sentence.ts'

/** Where the page is served beside loopback. */
export interface PageAddress {
  host: string
  port: number
  /** PEM files. */
  cert: string | undefined
  key: string | undefined
}

const shapeOfPage = shape<PageAddress>({
  host: text,
  port: integer(1, 65_535),
  cert: optional(text),
  key: optional(text),
})
const certificateIsNeeded = {
  zh: '应给出证书及其私钥，因为密码不能明文传输；可用以下命令生成',
  en: 'a certificate and its key are expected, since a password must not travel in the clear; make one with',
}

/** Beyond loopback the page has a certificate. */
export const pageAddress: Check<PageAddress> = (value, path) => {
  const address = shapeOfPage(value, path)
  const isLoopback = /^(127\.|::1$|localhost$)/.test(address.host)
  if ((address.cert === undefined) !== (address.key === undefined)) fail(`${path}.key`, certificateWithKey)
  if (!isLoopback && address.cert === undefined)
    fail(
      `${path}.cert`,
      joined`${certificateIsNeeded}: openssl req -x509 -newkey ed25519 -nodes -days 825 -keyout page.key -out page.crt -subj /CN=gateway`,
    )
  return address
}
