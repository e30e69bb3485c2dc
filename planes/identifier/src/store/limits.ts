/** Every limit of the store of records. */
export const storeLimits = {
  /** hdllib's MAX_HANDLE_LENGTH, in UTF-8. */
  handleBytes: 2_048,
  /** Longer names are keys of a head of them and a hash of the whole, one byte longer than any name that is its own key. */
  plainKeyBytes: 479,
  keyHeadBytes: 448,
  /** All values of a record as they are kept; an answer with them still fits a message of `handleLimits.messageBytes`. */
  recordBytes: 240 << 10,
  /** `index:handle` of who signed a change. */
  signerBytes: 2_064,
  /** Values of one record that point to records, references within values included. */
  linksOfRecord: 4_096,
  /** Other names of one record, and the bytes of one. */
  aliasesOfRecord: 64,
  aliasBytes: 2_048,
  batchItems: 2_000,
  batchIdBytes: 256,
  /** Batches whose results are given again when they come again; the oldest is forgotten. */
  batchesKept: 100_000,
  /** Records of one commit: what waits longer comes into the next. */
  commitItems: 4_000,
  /** Records that wait for a commit; more are refused. */
  waitingItems: 64_000,
  pageItems: 10_000,
  /** Transactions of one page that a mirror pulls, and about how many bytes. */
  transactions: 10_000,
  transactionBytes: 4 << 20,
  /** With less on the disk changes are refused, so that it can still be tidied and read. */
  diskFreeBytes: 64 << 20,
  /** After so many commits the places of readers whose processes are gone are freed. */
  commitsPerReaderCheck: 256,
  /** Records that a walk over everything looks at before others have their turn. */
  walkItems: 2_000,
} as const
