import { useTranslation } from 'react-i18next'
import { StatusTag } from '../../components/state.tsx'

interface Seen {
  enabled: boolean
  online: boolean
  deletedAt: number | null
  sharedCredentialAt: number | null
}

export function deviceStateWord(device: Seen) {
  if (device.deletedAt !== null) return 'isDeleted'
  if (!device.enabled) return 'isDisabled'
  return device.online ? 'isOnline' : 'isOffline'
}

/** Online, offline, disabled or deleted; and a warning when two devices seem to share one credential. */
export function DeviceState({ device }: { device: Seen }) {
  const { t } = useTranslation()
  const word = deviceStateWord(device)
  return (
    <span className="row">
      <StatusTag tone={word === 'isOnline' ? 'good' : word === 'isOffline' ? 'off' : 'notice'}>
        {t(`plant.${word}`)}
      </StatusTag>
      {device.sharedCredentialAt !== null && <StatusTag tone="fault">{t('plant.shared')}</StatusTag>}
    </span>
  )
}
