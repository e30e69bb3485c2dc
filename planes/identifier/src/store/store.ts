/**
 * The records of an identifier node on LMDB, their log and its proofs: the door of this station.
 */
export type { BatchItem, BatchKind, BatchResult } from './batch.ts'
export { storeLimits } from './limits.ts'
export type { Feed } from './mirror.ts'
export { decodeContent, encodeContent, type StoredRecord } from './record-bytes.ts'
export { aliasTypes, type Decision, type Outcome, RecordStore, type RecordStoreOptions } from './record-store.ts'
export { StoreFault, StoreRefusal, type StoreRefusalCode } from './refusal.ts'
export type { Checkpoint, RegistrationLog } from './registration-log.ts'
export { decodeTransaction, type Transaction } from './transaction.ts'
export type { Verdict } from './verify-store.ts'
