// The standard values of CBV 2.0: in JSON a bare word, as a URI `https://ref.gs1.org/cbv/BizStep-receiving`, in EPCIS 1.2
// and its XML `urn:epcglobal:cbv:bizstep:receiving`. Measurement types and alerts are of the GS1 Web Vocabulary.

export type TermKind =
  | 'bizStep'
  | 'disposition'
  | 'bizTransactionType'
  | 'sourceDestinationType'
  | 'errorReason'
  | 'component'
  | 'measurementType'
  | 'alert'

interface Vocabulary {
  /** What stands before the word in the URI. */
  uri: string
  /** What stands before the word in the URN of CBV 1.2; none for what came with 2.0. */
  urn?: string
  words: ReadonlySet<string>
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const cbv = 'https://ref.gs1.org/cbv/'
const webVocabulary = 'https://ref.gs1.org/voc/'

const vocabularies: Readonly<Record<TermKind, Vocabulary>> = {
  // CBV 2.0 §7.1
  bizStep: {
    uri: `${cbv}BizStep-`,
    urn: 'urn:epcglobal:cbv:bizstep:',
    words: words(`accepting arriving assembling collecting commissioning consigning creating_class_instance
      cycle_counting decommissioning departing destroying disassembling dispensing encoding entering_exiting holding
      inspecting installing killing loading other packing picking receiving removing repackaging repairing replacing
      reserving retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing
      transporting unloading unpacking void_shipping`),
  },
  // CBV 2.0 §7.2
  disposition: {
    uri: `${cbv}Disp-`,
    urn: 'urn:epcglobal:cbv:disp:',
    words: words(`active available completeness_inferred completeness_verified conformant container_closed
      container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive
      mismatch_class mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant
      non_sellable_other partially_dispensed recalled reserved retail_sold returned sellable_accessible
      sellable_not_accessible stolen unavailable unknown`),
  },
  // CBV 2.0 §7.3
  bizTransactionType: {
    uri: `${cbv}BTT-`,
    urn: 'urn:epcglobal:cbv:btt:',
    words: words('bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt'),
  },
  // CBV 2.0 §7.4
  sourceDestinationType: {
    uri: `${cbv}SDT-`,
    urn: 'urn:epcglobal:cbv:sdt:',
    words: words('owning_party possessing_party location'),
  },
  // CBV 2.0 §7.5
  errorReason: {
    uri: `${cbv}ER-`,
    urn: 'urn:epcglobal:cbv:er:',
    words: words('did_not_occur incorrect_data'),
  },
  // CBV 2.0 §7.8
  component: {
    uri: `${cbv}Comp-`,
    words: words(`x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing
      latitude longitude altitude`),
  },
  // CBV 2.0 §7.6
  measurementType: {
    uri: webVocabulary,
    words: words(`AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
      AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
      Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
      ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
      Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
      LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
      MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
      RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
      SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
      VolumetricFlux Wavenumber`),
  },
  // CBV 2.0 §7.7
  alert: { uri: webVocabulary, words: words('ALARM_CONDITION ERROR_CONDITION') },
}

/** CURIEs that every EPCIS document may use, and older homes of the same words. */
const olderHomes: Partial<Record<TermKind, readonly string[]>> = {
  measurementType: ['https://gs1.org/voc/', 'https://www.gs1.org/voc/', 'gs1:'],
  alert: ['https://gs1.org/voc/', 'https://www.gs1.org/voc/', 'gs1:'],
  bizStep: ['cbv:BizStep-'],
  disposition: ['cbv:Disp-'],
  bizTransactionType: ['cbv:BTT-'],
  sourceDestinationType: ['cbv:SDT-'],
  errorReason: ['cbv:ER-'],
  component: ['cbv:Comp-'],
}

export const isWord = (kind: TermKind, text: string): boolean => vocabularies[kind].words.has(text)

/** The bare word for a standard value in any of its forms; any other text as it is. */
export function shortTerm(kind: TermKind, text: string): string {
  const { uri, urn, words: known } = vocabularies[kind]
  if (known.has(text)) return text
  for (const home of [uri, urn, ...(olderHomes[kind] ?? [])]) {
    if (home === undefined || !text.startsWith(home)) continue
    const word = text.slice(home.length)
    return known.has(word) ? word : text
  }
  return text
}

/** The URI of a standard value in any of its forms (CBV 2.0 §8.9 wants it for hashing); any other text as it is. */
export function termUri(kind: TermKind, text: string): string {
  const word = shortTerm(kind, text)
  const { uri, words: known } = vocabularies[kind]
  return known.has(word) ? uri + word : text
}

const urns = Object.values(vocabularies).flatMap(({ urn, uri }) => (urn === undefined ? [] : [{ urn, uri }]))

/** `urn:epcglobal:cbv:…` of any kind as its URI, also of words that we do not know; any other text as it is. */
export function cbvUrnToUri(text: string): string {
  if (!text.startsWith('urn:epcglobal:cbv:')) return text
  const found = urns.find(({ urn }) => text.startsWith(urn))
  return found === undefined ? text : found.uri + text.slice(found.urn.length)
}
