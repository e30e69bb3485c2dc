import { CloseCircleFilled } from '@ant-design/icons'
import { Button, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from './waiting.tsx'

/** A button whose act is named with its effect (and its amount, where money moves) before it is done. */
export function ConfirmAct(props: {
  button: string
  title: string
  effect: ReactNode
  act(): Promise<unknown>
  primary?: boolean
  danger?: boolean
  /** What is still to be filled in: pressing the button says so instead of asking. */
  missing?: string
  onDone?(): void
}) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [told, setTold] = useState(false)
  const act = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await props.act()
      setOpen(false)
      props.onDone?.()
    } catch (refusal) {
      setError(refusal)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button
        type={props.primary ? 'primary' : 'default'}
        danger={props.danger}
        onClick={() => {
          setTold(props.missing !== undefined)
          setError(undefined)
          setOpen(props.missing === undefined)
        }}
      >
        {props.button}
      </Button>
      {told && props.missing !== undefined && (
        <span role="alert" className="missing">
          <CloseCircleFilled aria-hidden /> {props.missing}
        </span>
      )}
      <Modal
        open={open}
        title={props.title}
        onCancel={() => setOpen(false)}
        onOk={() => void act()}
        okText={props.button}
        cancelText={t('action.cancel')}
        closable={false}
        confirmLoading={busy}
        okButtonProps={{ danger: props.danger }}
      >
        <div className="stack">
          <div>{props.effect}</div>
          {error !== undefined && <Failure error={error} />}
        </div>
      </Modal>
    </>
  )
}
