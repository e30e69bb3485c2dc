import { DeviceError, RefusedRequest } from '../../driver.ts'
import { Line } from '../../line.ts'
import { passingOverMisfits } from '../../misfit.ts'
import { nameOf } from './address.ts'
import {
  decodePdu,
  decodeRead,
  decodeSetup,
  decodeWrite,
  encodePdu,
  encodeValues,
  type Item,
  type ItemAnswer,
  itemParameters,
  kinds,
  type Pdu,
  setupParameters,
} from './codec.ts'
import { errorWords } from './errors.ts'
import { encodeConnection, encodeData, type Tpdu, TpduReader, tpduTypes } from './transport.ts'

export interface S7ClientOptions {
  host: string
  port: number
  timeoutMs: number
  rack: number
  slot: number
  connectionType: 'pg' | 'op' | 'basic'
  localTsap: number
  /** Where it is not made of connection type, rack and slot (S7-200 SMART, LOGO!). */
  remoteTsap: number | undefined
  pduSize: number
}

const connectionTypes = { pg: 1, op: 2, basic: 3 } as const
/** Our end of the transport connection: any number but 0. */
const ownReference = 1
const noData = Buffer.alloc(0)

/** An S7 client, one job at a time, whose answers are matched by the PDU reference. */
export class S7Client {
  readonly #options: S7ClientOptions
  readonly #line: Line<Tpdu>
  #reference = 0

  constructor(options: S7ClientOptions) {
    this.#options = options
    const { host, port, timeoutMs } = options
    this.#line = new Line({
      end: {
        host,
        port,
        timeoutMs,
        serialPort: undefined,
        baudRate: 9_600,
        dataBits: '8',
        parity: 'none',
        stopBits: '1',
      },
      frames: () => new TpduReader(),
      inFlightMax: 1,
      greet: async (say) => {
        await say(this.#connectionRequest(), (tpdu) => this.#isConfirmed(tpdu))
        const job = this.#job(setupParameters(options.pduSize), noData)
        await say(job.bytes, (tpdu) => {
          const answer = this.#answer(tpdu, job.reference)
          if (answer.error !== 0) throw new DeviceError(`setup of communication: ${errorWords(answer.error)}`)
          const granted = decodeSetup(answer.parameters)
          if (granted < options.pduSize)
            throw new DeviceError(`the CPU grants PDUs of ${granted} bytes: pduSize cannot be ${options.pduSize}`)
          return true
        })
      },
    })
  }

  /** What came of each item, in their order. Rejects with RefusedRequest when all were refused in one. */
  read(items: readonly Item[]): Promise<ItemAnswer[]> {
    return this.#request(itemParameters('read', items), noData, nameOf(items[0]!), (pdu) => decodeRead(pdu, items))
  }

  async write(item: Item, data: Buffer): Promise<void> {
    const values = encodeValues([{ code: 0, unit: item.unit, data }])
    await this.#request(itemParameters('write', [item]), values, nameOf(item), (pdu) => {
      const refused = decodeWrite(pdu)
      if (refused !== undefined) throw new RefusedRequest(`${nameOf(item)}: ${refused}`)
      return true
    })
  }

  close(): Promise<void> {
    return this.#line.close()
  }

  #request<T>(parameters: Buffer, data: Buffer, name: string, decode: (pdu: Pdu) => T): Promise<T> {
    const job = this.#job(parameters, data)
    return passingOverMisfits(
      (accept) => this.#line.request(job.bytes, accept),
      (tpdu: Tpdu) => {
        const answer = this.#answer(tpdu, job.reference)
        if (answer.error !== 0) throw new RefusedRequest(`${name}: ${errorWords(answer.error)}`)
        return decode(answer)
      },
    )
  }

  #job(parameters: Buffer, data: Buffer): { bytes: Buffer; reference: number } {
    this.#reference = (this.#reference + 1) & 0xffff
    const pdu = encodePdu({ kind: kinds.job, reference: this.#reference, error: 0, parameters, data })
    return { bytes: encodeData(pdu), reference: this.#reference }
  }

  #answer({ type, data }: Tpdu, reference: number): Pdu {
    if (type !== tpduTypes.data) throw new DeviceError(`a TPDU of type ${type.toString(16)} came`)
    const answer = decodePdu(data)
    if (answer.kind !== kinds.ack && answer.kind !== kinds.ackData)
      throw new DeviceError('a PDU that is no answer came')
    if (answer.reference !== reference)
      throw new DeviceError(`the answer to PDU ${answer.reference} came instead of ${reference}`)
    return answer
  }

  #connectionRequest(): Buffer {
    const { connectionType, rack, slot, localTsap, remoteTsap } = this.#options
    const called = remoteTsap ?? (connectionTypes[connectionType] << 8) | (rack << 5) | slot
    const request = { destination: 0, source: ownReference, called, calling: localTsap }
    return encodeConnection(tpduTypes.connectionRequest, request)
  }

  #isConfirmed({ type, destination }: Tpdu): true {
    if (type !== tpduTypes.connectionConfirm || destination !== ownReference)
      throw new DeviceError('the CPU refuses the connection: rack, slot or TSAP are wrong, or no connection is free')
    return true
  }
}
