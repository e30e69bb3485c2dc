import type { RecordSource } from '../resolution/records.ts'
import type { RecordStore } from '../store/store.ts'

type Used =
  | 'change'
  | 'batch'
  | 'handlesUnder'
  | 'referencesTo'
  | 'recordByAlias'
  | 'publicBlock'
  | 'record'
  | 'transactions'
  | 'log'
  | 'stats'
  | 'takeOver'
  | 'fence'
  | 'changeFenced'
  | 'contentsAt'
  | 'digest'

/** Records that change, one after another for each handle, durable when the promise resolves: a RecordStore. */
export interface ChangingRecords extends RecordSource, Pick<RecordStore, Used> {}
