import { CloseCircleFilled } from '@ant-design/icons'
import { type InputHTMLAttributes, type ReactNode, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

/** Errors of a form by field id; the order is the order of the page. */
export type Wrongs = Record<string, string>

/** GOV.UK's pattern: what is wrong, on top, focused, each line a link to its field. */
export function ErrorSummary({ wrongs, round }: { wrongs: Wrongs; round: number }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt to submit is a new round and takes the focus again
  useEffect(() => box.current?.focus(), [round])
  const entries = Object.entries(wrongs)
  if (entries.length === 0) return null
  return (
    <div className="summary" ref={box} tabIndex={-1} role="alert" aria-labelledby="error-summary">
      <h2 id="error-summary">{t('form.problem', { n: entries.length })}</h2>
      <ul>
        {entries.map(([field, text]) => (
          <li key={field}>
            <a
              href={`#${field}`}
              onClick={(event) => {
                event.preventDefault()
                document.getElementById(field)?.focus()
              }}
            >
              {text}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

export function Field(props: {
  id: string
  label: string
  hint?: ReactNode
  wrong?: string
  children: (aria: Aria) => ReactNode
}) {
  const described = [props.hint && `${props.id}-hint`, props.wrong && `${props.id}-error`].filter(Boolean).join(' ')
  const aria: Aria = {
    id: props.id,
    'aria-invalid': props.wrong ? true : undefined,
    'aria-describedby': described || undefined,
  }
  return (
    <div className={props.wrong ? 'field field-wrong' : 'field'}>
      <label htmlFor={props.id}>{props.label}</label>
      {props.hint && (
        <span className="hint" id={`${props.id}-hint`}>
          {props.hint}
        </span>
      )}
      {props.wrong && (
        <span className="error" id={`${props.id}-error`}>
          <CloseCircleFilled aria-hidden />
          {props.wrong}
        </span>
      )}
      {props.children(aria)}
    </div>
  )
}
export interface Aria {
  id: string
  'aria-invalid': true | undefined
  'aria-describedby': string | undefined
}

interface TextProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value' | 'id'> {
  id: string
  label: string
  hint?: ReactNode
  wrong?: string
  value: string
  onValue(value: string): void
  short?: boolean
}

export function TextField({ id, label, hint, wrong, value, onValue, short, ...rest }: TextProps) {
  return (
    <Field id={id} label={label} hint={hint} wrong={wrong}>
      {(aria) => (
        <input
          className={short ? 'input input-short' : 'input'}
          value={value}
          onChange={(event) => onValue(event.target.value)}
          {...aria}
          {...rest}
        />
      )}
    </Field>
  )
}

export function TextArea(props: {
  id: string
  label: string
  hint?: ReactNode
  wrong?: string
  value: string
  onValue(value: string): void
  limit?: number
}) {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} wrong={props.wrong}>
      {(aria) => (
        <textarea
          className="input"
          value={props.value}
          maxLength={props.limit}
          onChange={(event) => props.onValue(event.target.value)}
          {...aria}
        />
      )}
    </Field>
  )
}

export interface Option {
  value: string
  text: string
}

export function Choose(props: {
  id: string
  label: string
  hint?: ReactNode
  wrong?: string
  value: string
  onValue(value: string): void
  options: Option[]
  /** The text of the empty choice; without it the first option is taken. */
  none?: string
}) {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} wrong={props.wrong}>
      {(aria) => (
        <select className="input" value={props.value} onChange={(event) => props.onValue(event.target.value)} {...aria}>
          {props.none !== undefined && <option value="">{props.none}</option>}
          {props.options.map((each) => (
            <option key={each.value} value={each.value}>
              {each.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A group of tick boxes or radio buttons with one legend. */
export function Choices(props: {
  id: string
  legend: string
  hint?: ReactNode
  wrong?: string
  options: Option[]
  value: string[]
  onValue(value: string[]): void
  many?: boolean
}) {
  return (
    <fieldset
      className={props.wrong ? 'field field-wrong' : 'field'}
      aria-describedby={props.wrong ? `${props.id}-error` : undefined}
    >
      <legend>{props.legend}</legend>
      {props.hint && <span className="hint">{props.hint}</span>}
      {props.wrong && (
        <span className="error" id={`${props.id}-error`}>
          <CloseCircleFilled aria-hidden />
          {props.wrong}
        </span>
      )}
      {props.options.map((each, index) => {
        const chosen = props.value.includes(each.value)
        return (
          <label className="choice" key={each.value}>
            <input
              id={index === 0 ? props.id : undefined}
              type={props.many ? 'checkbox' : 'radio'}
              name={props.id}
              checked={chosen}
              onChange={() =>
                props.onValue(
                  props.many
                    ? chosen
                      ? props.value.filter((value) => value !== each.value)
                      : [...props.value, each.value]
                    : [each.value],
                )
              }
            />
            <span>{each.text}</span>
          </label>
        )
      })}
    </fieldset>
  )
}
