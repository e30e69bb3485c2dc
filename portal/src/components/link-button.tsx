import { useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import type { MouseEvent, ReactNode } from 'react'

/** A link that looks like a button: one element, so one stop of the Tab key and one name for a screen reader. */
export function LinkButton(props: { to: string; primary?: boolean; large?: boolean; children: ReactNode }) {
  const navigate = useNavigate()
  const follow = (event: MouseEvent) => {
    // With a modifier the browser opens it elsewhere.
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    void navigate({ to: props.to })
  }
  return (
    <Button
      href={props.to}
      type={props.primary ? 'primary' : 'default'}
      size={props.large ? 'large' : undefined}
      onClick={follow}
    >
      {props.children}
    </Button>
  )
}
