/** Why the store did not take a change. */
export type StoreRefusalCode =
  /** The handle is empty, too long or no text. */
  | 'invalidHandle'
  /** A value cannot be kept, or the record is too long. */
  | 'invalidValue'
  /** Another record has the alias. */
  | 'aliasTaken'
  | 'handleExists'
  | 'handleNotFound'
  /** The record that is there cannot be read. */
  | 'damaged'
  /** The batch has too many items, or its id came with other items before. */
  | 'invalidBatch'
  /** Too many changes wait: ask again. */
  | 'busy'
  /** The disk has no room: nothing was written. */
  | 'diskFull'
  /** The store only reads (a mirror, a reader), or it is closed. */
  | 'readOnly'
  /** What a mirror was given is not what follows. */
  | 'notTheLog'

/** Nothing was written; the message says to people why. */
export class StoreRefusal extends Error {
  readonly code: StoreRefusalCode
  /** Of a transaction that a mirror refused. */
  readonly seq: number | undefined

  constructor(code: StoreRefusalCode, message: string, seq?: number) {
    super(message)
    this.name = 'StoreRefusal'
    this.code = code
    this.seq = seq
  }
}

/** The folder cannot be opened, or what lies in it is damaged. */
export class StoreFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreFault'
  }
}
