import { CameraOutlined, PictureOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { readSymbol } from './read-symbol.ts'

/** Pictures a second are enough for a hand that holds still, and leave a phone cool. */
const pictureMs = 250

type Trouble = 'nothing' | 'noCamera' | 'failed'

/** Reads a code by the camera or from a picture, and tells what it says. */
export function Scan({ onFound }: { onFound(name: string): void }) {
  const { t } = useTranslation()
  const [filming, setFilming] = useState(false)
  const [reading, setReading] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const picker = useRef<HTMLInputElement>(null)
  const read = async (file: File | undefined) => {
    if (file === undefined) return
    setReading(true)
    setTrouble(undefined)
    try {
      const name = await readSymbol(file)
      if (name === undefined) setTrouble('nothing')
      else onFound(name)
    } catch {
      setTrouble('failed')
    } finally {
      setReading(false)
      if (picker.current) picker.current.value = ''
    }
  }
  return (
    <div className="stack">
      <div className="row">
        {'mediaDevices' in navigator && (
          <Button
            icon={<CameraOutlined aria-hidden />}
            onClick={() => {
              setTrouble(undefined)
              setFilming(!filming)
            }}
          >
            {t(filming ? 'identify.scan.stop' : 'identify.scan.camera')}
          </Button>
        )}
        <Button icon={<PictureOutlined aria-hidden />} loading={reading} onClick={() => picker.current?.click()}>
          {t('identify.scan.picture')}
        </Button>
        <input
          ref={picker}
          type="file"
          accept="image/*"
          hidden
          aria-label={t('identify.scan.picture')}
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </div>
      {filming && (
        <Camera
          onFound={(name) => {
            setFilming(false)
            onFound(name)
          }}
          onTrouble={(each) => {
            setFilming(false)
            setTrouble(each)
          }}
        />
      )}
      {trouble !== undefined && <p role="alert">{t(`identify.scan.${trouble}`)}</p>}
    </div>
  )
}

/** Looks through the camera until it sees a code; the camera is off when this is gone. */
function Camera(props: { onFound(name: string): void; onTrouble(trouble: Trouble): void }) {
  const { t } = useTranslation()
  const video = useRef<HTMLVideoElement>(null)
  const heard = useRef(props)
  heard.current = props
  useEffect(() => {
    const ends = new AbortController()
    film(video.current, ends.signal).then(
      (name) => name !== undefined && heard.current.onFound(name),
      (error: unknown) =>
        !ends.signal.aborted && heard.current.onTrouble(error instanceof DOMException ? 'noCamera' : 'failed'),
    )
    return () => ends.abort()
  }, [])
  return (
    <>
      <p>{t('identify.scan.hold')}</p>
      <video ref={video} muted playsInline aria-label={t('identify.scan.hold')} style={{ maxWidth: '100%' }} />
    </>
  )
}

/** Rejects with DOMException when there is no camera or the reader does not allow it. Undefined when it was ended. */
async function film(video: HTMLVideoElement | null, ends: AbortSignal): Promise<string | undefined> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  try {
    if (video === null) return undefined
    video.srcObject = stream
    await video.play()
    const canvas = document.createElement('canvas')
    const context = canvas.getContext('2d', { willReadFrequently: true })
    while (!ends.aborted && context !== null) {
      canvas.width = video.videoWidth
      canvas.height = video.videoHeight
      context.drawImage(video, 0, 0)
      const name = await readSymbol(context.getImageData(0, 0, canvas.width, canvas.height))
      if (name !== undefined) return name
      await new Promise((go) => setTimeout(go, pictureMs))
    }
    return undefined
  } finally {
    for (const track of stream.getTracks()) track.stop()
  }
}
