import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type * as Opcua from 'node-opcua-client'

type Library = typeof Opcua
type Options = Opcua.OPCUAClientOptions
type KeyPair = NonNullable<Options['certificateKeyPairProvider']>
type Store = NonNullable<Options['clientCertificateManager']>

export interface OwnCertificate {
  applicationUri: string
  pair: KeyPair
}

export const applicationName = 'Kapok edge'
export const ownCertificateFile = 'own-certificate.pem'
const years = 10

/**
 * The gateway's own application instance certificate. With a folder it is made there once (`own-certificate.pem`, and
 * `own-key.pem` for its owner only) and kept, so that a server has to trust it once; without one it lives as long as the
 * process, for servers that are talked to without security.
 */
export async function ownCertificate(library: Library, folder: string | undefined): Promise<OwnCertificate> {
  if (folder === undefined) {
    passing ??= make(library)
    return ownOf(library, await passing)
  }
  const certificateFile = join(folder, ownCertificateFile)
  const keyFile = join(folder, 'own-key.pem')
  try {
    return ownOf(library, {
      certificate: await readFile(certificateFile, 'utf8'),
      key: await readFile(keyFile, 'utf8'),
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const making = inMaking.get(folder) ?? makeIn(library, folder, certificateFile, keyFile)
  inMaking.set(folder, making)
  try {
    return ownOf(library, await making)
  } finally {
    inMaking.delete(folder)
  }
}

interface Pem {
  certificate: string
  key: string
}
let passing: Promise<Pem> | undefined
/** Several devices of one gateway open at once and share a folder. */
const inMaking = new Map<string, Promise<Pem>>()

async function makeIn(library: Library, folder: string, certificateFile: string, keyFile: string): Promise<Pem> {
  const made = await make(library)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // The certificate comes last and in one step: it is there only with its key.
  await writeFile(keyFile, made.key, { mode: 0o600 })
  await writeFile(`${certificateFile}.new`, made.certificate)
  await rename(`${certificateFile}.new`, certificateFile)
  return made
}

async function make({ crypto_utils: crypto }: Library): Promise<Pem> {
  const { privateKey } = await crypto.generateKeyPair(2048)
  const { cert } = await crypto.createSelfSignedCertificate({
    privateKey,
    subject: `/CN=${applicationName}`,
    applicationUri: `urn:${hostname()}:kapok:edge`,
    dns: [hostname()],
    // A clock that is a little behind must not find it not yet valid.
    notBefore: new Date(Date.now() - 86_400_000),
    validity: years * 365,
    purpose: crypto.CertificatePurpose.ForApplication,
  })
  const { privPem } = await crypto.privateKeyToPEM(privateKey)
  return { certificate: cert, key: privPem }
}

function ownOf({ crypto_utils: crypto }: Library, { certificate, key }: Pem): OwnCertificate {
  const parsed = new X509Certificate(certificate)
  if (!parsed.checkPrivateKey(createPrivateKey(key)))
    throw new Error('own-certificate.pem and own-key.pem do not belong together: remove both, and new ones are made')
  const chain = [crypto.convertPEMtoDER(certificate)]
  const privateKey = crypto.makePrivateKeyFromPem(key)
  return {
    // The URI in the certificate, which a server compares; the host may have been renamed since.
    applicationUri: /URI:([^,]+)/.exec(parsed.subjectAltName ?? '')?.[1] ?? '',
    pair: {
      getCertificate: () => chain[0]!,
      getCertificateChain: () => chain,
      getPrivateKey: () => privateKey,
    },
  }
}

/** Trusts the certificates whose thumbprints stand in the settings, and no other; remembers what it refused. */
export class TrustList {
  /** The sentence about the certificate that was refused last. */
  refusal: string | undefined
  readonly #trusted: ReadonlySet<string>

  constructor(trusted: readonly string[]) {
    this.#trusted = new Set(trusted.map((each) => each.replace(/[\s:]/g, '').toLowerCase()))
  }

  isTrusted(certificate: Buffer): boolean {
    const [sha256, sha1] = thumbprintsOf(certificate)
    if (this.#trusted.has(sha256) || this.#trusted.has(sha1)) return true
    const parsed = parse(certificate)
    this.refusal =
      `the server's certificate is not trusted: ${parsed === undefined ? 'it cannot be read' : `“${parsed.subject.replaceAll('\n', ', ')}”, valid until ${parsed.validTo}`}; ` +
      `SHA-256 thumbprint ${sha256}, SHA-1 ${sha1}. ` +
      'Compare it with what the machine itself shows; if it is the same, add it to `trusted` in the settings of the device'
    return false
  }

  /** The form that the library asks. */
  store({ StatusCodes }: Library): Store {
    const first = (certificate: Buffer | Buffer[]) => (Array.isArray(certificate) ? certificate[0] : certificate)
    const check = (certificate: Buffer | Buffer[]) => {
      const leaf = first(certificate)
      return leaf !== undefined && this.isTrusted(leafOf(leaf)) ? StatusCodes.Good : StatusCodes.BadCertificateUntrusted
    }
    const nothing = async () => {}
    return {
      referenceCounter: 0,
      initialize: nothing,
      dispose: nothing,
      checkCertificate: async (certificate: Buffer | Buffer[]) => check(certificate),
      getTrustStatus: async (certificate: Buffer) => check(certificate),
      // The library asks this of our own certificate only, to warn of one that has run out.
      verifyCertificate: async () => 'BadCertificateUntrusted',
      trustCertificate: nothing,
      rejectCertificate: nothing,
      addIssuer: nothing,
      addRevocationList: nothing,
    }
  }
}

/** A server may send its chain as one run of DER: the certificate of the server itself is the first. */
function leafOf(chain: Buffer): Buffer {
  if (chain.length < 4 || chain[0] !== 0x30 || chain[1] !== 0x82) return chain
  return chain.subarray(0, 4 + chain.readUInt16BE(2))
}

/** SHA-256 and SHA-1 of a certificate, hexadecimal. */
export function thumbprintsOf(certificate: Buffer): [string, string] {
  const hash = (algorithm: string) => createHash(algorithm).update(certificate).digest('hex')
  return [hash('sha256'), hash('sha1')]
}

function parse(certificate: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate)
  } catch {
    return undefined
  }
}
