import type { HandleValue } from '../handle/handle.ts'
import type { RecordSource } from '../resolution/records.ts'

/** What to make of a record that was read for it: its next values, null for none, or a refusal. */
export type Decision<R> = { values: readonly HandleValue[] | null } | { refuse: R }

/** Records that change, one after another for each handle, durable when the promise resolves. */
export interface ChangingRecords extends RecordSource {
  change<R>(
    handle: string,
    by: string,
    decide: (current: readonly HandleValue[] | undefined) => Decision<R>,
  ): Promise<{ refused?: R }>
  /** Handles of a prefix as registered, in order of their canonical form. */
  handlesUnder(prefix: string, page: { after?: string; limit: number }): readonly string[]
}
