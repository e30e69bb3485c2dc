import { join } from 'node:path'
import type * as Opcua from 'node-opcua-client'
import { DeviceError, type DriverTag, RefusedRequest } from '../../driver.ts'
import { noAnswerWithin } from '../../line-words.ts'
import type { Words } from '../../sentence.ts'
import type { OpcUaAddress } from './address.ts'
import {
  applicationName,
  type OwnCertificate,
  ownCertificate,
  ownCertificateFile,
  TrustList,
  thumbprintsOf,
} from './certificate.ts'
import type { Instances } from './instances.ts'
import { type ResolvedAddress, Resolver } from './resolver.ts'
import type { OpcUaSettings } from './settings.ts'

type Library = typeof Opcua
export type Session = Opcua.ClientSession

/** What a server takes at once (OPC 10000-5 §6.3.11), within what this driver asks at most. */
export interface OperationLimits {
  nodesPerRead: number
  nodesPerBrowse: number
  itemsPerCall: number
}
const atOnceMax = 1000
const limitNodes = {
  nodesPerRead: 'ns=0;i=11705',
  nodesPerBrowse: 'ns=0;i=11710',
  itemsPerCall: 'ns=0;i=11714',
} as const

/**
 * So long a server keeps session and subscription of a gateway that went silent, ms: within this time nothing is lost
 * that its queues can hold.
 */
export const keptMs = 300_000

/** One session with a server. `lost` is called once, when the library has given it up. */
export class OpcUaClient {
  readonly library: Library
  readonly session: Session
  limits: OperationLimits = { nodesPerRead: atOnceMax, nodesPerBrowse: 100, itemsPerCall: atOnceMax }
  namespaces: readonly string[] = []
  readonly #client: Opcua.OPCUAClient
  readonly #timeoutMs: number
  #resolver = new Resolver(this)
  #lost: DeviceError | undefined
  #isWhole = true

  private constructor(library: Library, client: Opcua.OPCUAClient, session: Session, timeoutMs: number) {
    this.library = library
    this.#client = client
    this.session = session
    this.#timeoutMs = timeoutMs
  }

  /** Rejects with DeviceError; a refused certificate is told with its thumbprints. */
  static async connect(settings: OpcUaSettings, events: ClientEvents): Promise<OpcUaClient> {
    const library = await import('node-opcua-client')
    for (const set of [library.setWarningLogger, library.setErrorLogger, library.setDebugLogger]) set(() => {})
    const trust = new TrustList(settings.trusted)
    let client: Opcua.OPCUAClient | undefined
    let own: OwnCertificate | undefined
    try {
      own = await ownCertificate(library, settings.certificateFolder)
      client = library.OPCUAClient.create({
        applicationName,
        applicationUri: own.applicationUri,
        certificateKeyPairProvider: own.pair,
        clientCertificateManager: trust.store(library),
        securityMode: settings.securityMode,
        securityPolicy: library.SecurityPolicy[settings.securityPolicy],
        endpointMustExist: false,
        // All types of a server with companion specifications are hundreds of requests: only those that come are asked for.
        dataTypeExtractStrategy: library.DataTypeExtractStrategy.Lazy,
        keepSessionAlive: true,
        keepAliveInterval: Math.max(1000, settings.timeoutMs),
        requestedSessionTimeout: keptMs,
        transportTimeout: settings.timeoutMs,
        defaultTransactionTimeout: settings.timeoutMs,
        connectionStrategy: { maxRetry: 1, initialDelay: 100, maxDelay: 1000 },
      })
      const session = await within(settings.timeoutMs, begin(library, client, settings), noSessionWithin)
      const connected = new OpcUaClient(library, client, session, settings.timeoutMs)
      connected.#watch(trust, events)
      try {
        await connected.#learn()
      } catch (error) {
        await connected.close()
        throw error
      }
      return connected
    } catch (error) {
      void end(client)
      if (trust.refusal !== undefined) throw new DeviceError(trust.refusal)
      throw refusalOfOurs(deviceError(error), own, settings)
    }
  }

  #watch(trust: TrustList, events: ClientEvents): void {
    let attempts = 0
    const lose = (error: DeviceError) => {
      if (this.#lost !== undefined) return
      this.#lost = error
      void end(this.#client)
      events.lost(error)
    }
    this.#client.on('connection_lost', () => {
      this.#isWhole = false
      events.interrupted(new DeviceError('the connection broke'))
    })
    // The library would try without end, and some of its ways without a pause: a few times are its own, then we begin anew.
    this.#client.on('reconnection_attempt_has_failed', (error) => {
      if (trust.refusal !== undefined) lose(new DeviceError(trust.refusal))
      else if (++attempts >= 5) lose(deviceError(error))
    })
    this.#client.on('connection_reestablished', () => {
      attempts = 0
      this.#isWhole = true
      events.restored()
    })
    this.#client.on('close', (error) => lose(deviceError(error ?? new Error('the connection was closed'))))
    this.session.on('session_closed', (status) => lose(new DeviceError(`the server ended the session: ${status.name}`)))
  }

  async #learn(): Promise<void> {
    const { AttributeIds } = this.library
    const names = Object.keys(limitNodes) as (keyof typeof limitNodes)[]
    const values = await this.call(
      this.session.read(names.map((name) => ({ nodeId: limitNodes[name], attributeId: AttributeIds.Value }))),
    )
    names.forEach((name, i) => {
      const limit: unknown = values[i]?.value?.value
      if (typeof limit === 'number' && limit > 0) this.limits[name] = Math.min(this.limits[name], limit)
    })
    await this.readNamespaces()
  }

  /** Reads the NamespaceArray again; whether it is another one than before. */
  async readNamespaces(): Promise<boolean> {
    const read = await this.call(
      this.session.read({ nodeId: 'ns=0;i=2255', attributeId: this.library.AttributeIds.Value }),
    )
    const names: unknown = read.value?.value
    if (!Array.isArray(names)) throw new DeviceError('the server has no NamespaceArray')
    const isOther = names.join('\n') !== this.namespaces.join('\n')
    this.namespaces = names.map(String)
    // What was found before stands elsewhere now.
    if (isOther) this.#resolver = new Resolver(this)
    return isOther
  }

  /** Where tags stand on this server, in their order; a sentence where there is none. Rejects with DeviceError. */
  resolve(tags: readonly DriverTag<OpcUaAddress>[]): Promise<(ResolvedAddress | string)[]> {
    return this.#resolver.resolve(tags)
  }

  /** Machines of a type. */
  get instances(): Instances {
    return this.#resolver.instances
  }

  /** Waits for a service of the library, no longer than the time-out. Rejects with DeviceError or RefusedRequest. */
  async call<T>(service: Promise<T>): Promise<T> {
    try {
      return await within(this.#timeoutMs, service, noAnswerWithin)
    } catch (error) {
      throw deviceError(error)
    }
  }

  /** Not while a break is repaired: the library would keep every request of that time and send them all at its end. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  async close(): Promise<void> {
    this.#lost ??= new DeviceError('closed')
    await end(this.#client)
  }
}

export interface ClientEvents {
  /** The connection broke, and the library tries to repair it. */
  interrupted(error: DeviceError): void
  /** It is whole again, its subscriptions too. */
  restored(): void
  /** It is gone for good. */
  lost(error: DeviceError): void
}

/** A server that does not know our certificate says so in few words, on purpose; what to do is added. */
function refusalOfOurs(error: DeviceError, own: OwnCertificate | undefined, settings: OpcUaSettings): DeviceError {
  const [word] = /Bad(SecurityChecksFailed|Certificate\w*)/.exec(error.message) ?? []
  if (word === undefined || own === undefined || settings.certificateFolder === undefined) return error
  const [sha256, sha1] = thumbprintsOf(own.pair.getCertificate())
  return new DeviceError(
    `the server refuses the certificate of this gateway (${word}). Trust it there, mostly among the rejected ones: ` +
      `“${applicationName}”, SHA-1 thumbprint ${sha1}, SHA-256 ${sha256}, in ${join(settings.certificateFolder, ownCertificateFile)}`,
    { cause: error },
  )
}

async function begin(library: Library, client: Opcua.OPCUAClient, settings: OpcUaSettings): Promise<Session> {
  await client.connect(settings.endpoint)
  const { user, password } = settings
  if (user === undefined) return client.createSession()
  return client.createSession({ type: library.UserTokenType.UserName, userName: user, password: password ?? '' })
}

/** Never rejects; the library may take its time to say good-bye to a server that does not answer. */
async function end(client: Opcua.OPCUAClient | undefined): Promise<void> {
  await client?.disconnect().catch(() => {})
}

const noSessionWithin = (ms: number): Words => ({
  zh: `${ms} ms 内没有建立会话`,
  en: `no session within ${ms} ms`,
})

async function within<T>(timeoutMs: number, promise: Promise<T>, late: (ms: number) => Words): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeviceError(late(timeoutMs))), timeoutMs)
  })
  try {
    return await Promise.race([promise, isLate])
  } finally {
    clearTimeout(timer)
  }
}

/** A ServiceFault is a refusal by the server; all else is no usable answer. */
function deviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error
  const fault = (error as { response?: { responseHeader?: { serviceResult?: Opcua.StatusCode } } } | undefined)
    ?.response
  const result = fault?.responseHeader?.serviceResult
  if (result !== undefined) return new RefusedRequest(`the server refused: ${result.name} (${result.description})`)
  const words = error instanceof Error ? error.message : String(error)
  return new DeviceError(words.split('\n')[0]?.trim().slice(0, 300) ?? '', { cause: error })
}
