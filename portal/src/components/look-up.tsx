import { useNavigate, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { TextField } from './form.tsx'

/** What the address of a page asks for behind its own part (`…/$`); '' for nothing. */
export function useAsked(): string {
  const { _splat: asked = '' } = useParams({ strict: false }) as { _splat?: string }
  return asked
}

/** A field for the name of a thing; asking for one opens its page. */
export function LookUp(props: {
  id: string
  label: string
  hint: string
  button: string
  /** The page of a name. */
  pageOf(name: string): string
  /** Other ways to ask. */
  children?: ReactNode
}) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const asked = useAsked()
  const [typed, setTyped] = useState(asked)
  const [wrong, setWrong] = useState<string>()
  useEffect(() => setTyped(asked), [asked])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const name = typed.trim()
    setWrong(name === '' ? t('form.needed', { what: props.label }) : undefined)
    if (name !== '') void navigate({ to: props.pageOf(name) })
  }
  return (
    <search className="stack">
      <form className="form" onSubmit={submit} noValidate>
        <TextField id={props.id} label={props.label} hint={props.hint} wrong={wrong} value={typed} onValue={setTyped} />
        <Button type="primary" htmlType="submit">
          {props.button}
        </Button>
      </form>
      {props.children}
    </search>
  )
}
