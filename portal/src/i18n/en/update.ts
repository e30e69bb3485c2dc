export const update = {
  update: {
    title: 'Software and update',
    runs: 'Runs {{version}}',
    noStarter:
      'The kapok-edge package did not start this gateway, so it cannot be updated from here. Install the package at the plant and start it from there.',
    none: 'The platform has no release for this gateway. The platform’s administrator uploads releases.',
    releases: 'Releases',
    made: 'Made',
    size: 'Size',
    signers: 'Signed by',
    update: 'Update',
    updateTo: 'Update to {{version}}',
    downgrade: 'Downgrade',
    downgradeTo: 'Downgrade to {{version}}',
    effect:
      'The gateway checks the signature and the content of the release, then tries {{version}} and reads no machine for a few seconds. When that does not start, or no report of it reaches the platform within 60 s, the gateway goes back to {{running}} by itself. Values that wait, keys and configuration stay. A gateway that is away takes it when it is back.',
    downgradeEffect:
      '{{version}} is older than what runs and may not know a configuration that the newer one wrote; when it does not start, the gateway goes back too.',
    sent: 'The order to update to {{version}} was sent; waiting for the gateway to take it.',
    waits: 'The gateway is not connected; it takes the order to update to {{version}} when it is back.',
    step: {
      download: 'The signature is good; downloading {{version}}.',
      check: 'Comparing the file of {{version}} with its manifest.',
      unpack: 'Unpacking {{version}}.',
      trial:
        'Trying {{version}}; when no report of it reaches the platform within 60 s the gateway goes back by itself.',
    },
    failed: 'The gateway was not updated to {{version}} and goes on with {{running}}, because:',
    done: 'Updated to {{version}}. Ordered by:',
    newer: '{{version}} is available',
    updating: 'Updating',
    lead: 'Releases of the gateway’s software. Plants take them on the pages of their gateways; a gateway checks the signature itself, and the platform cannot sign for anybody.',
    noneHere: 'There is no release yet. Upload the manifest and the file that packing made.',
    upload: 'Upload the release',
    files: 'Choose the manifest (.json) and the file (.tar.gz)',
    filesHint:
      'The two files that were packed together, at most 256 MiB. After a break choose them again to go on from there.',
    filesMissing: 'Choose both: the manifest (.json) and the file (.tar.gz).',
    noManifest: '“{{file}}” is no manifest of a release. Choose the .json file that packing made.',
    uploaded: '{{version}} is uploaded; the plants’ gateways can take it.',
    partly: '{{received}} of {{bytes}} are here',
    platform: 'Platform',
    minimum: 'Can be taken from',
    noNode: 'without Node',
    ordered: 'Gateways told',
    put: 'Uploaded',
    withdraw: 'Withdraw',
    withdrawName: 'Withdraw {{version}} ({{platform}})',
    withdrawEffect:
      'The release is offered no more and its file is deleted. Gateways that have not fetched it do not update to it; those that run it go on.',
  },
}
