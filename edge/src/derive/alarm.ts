export const severities = ['info', 'warning', 'critical'] as const

export interface AlarmState {
  raised: boolean
  /** When it was raised or cleared last, Unix ms. */
  changedAt: number | undefined
  /** From when on the condition has held without a break, while it is not yet raised. */
  holdsSince: number | undefined
}

export const quiet: AlarmState = { raised: false, changedAt: undefined, holdsSince: undefined }

/** The alarm's state at `at`. `holds` is undefined when the condition cannot be told: then a raised alarm stays raised. */
export function alarmAfter(state: AlarmState, holds: boolean | undefined, at: number, forSeconds: number): AlarmState {
  if (holds === undefined) return state.holdsSince === undefined ? state : { ...state, holdsSince: undefined }
  if (!holds) {
    if (state.raised) return { raised: false, changedAt: at, holdsSince: undefined }
    return state.holdsSince === undefined ? state : { ...state, holdsSince: undefined }
  }
  if (state.raised) return state
  // A clock that was set back must not put the alarm off.
  const holdsSince = Math.min(state.holdsSince ?? at, at)
  if (at - holdsSince >= forSeconds * 1_000) return { raised: true, changedAt: at, holdsSince: undefined }
  return holdsSince === state.holdsSince ? state : { ...state, holdsSince }
}
