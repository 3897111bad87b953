/// Settings of phase 2.
public struct SegmentationSettings: PhaseSettings {
  public var solver = SolverSettings()
  /// Of shuffling, windows, crops and fillers.
  public var seed: UInt64 = 1
  public var cropping = CroppingSettings()
  public var augmentation = AugmentationSettings()
  public var conversion = ConversionSettings()

  public init() {}
}

/// How the statistics of the finished model are measured.
public struct ConversionSettings: Sendable, Equatable {
  /// Training batches whose statistics are averaged: 101 in the released script; 0 keeps the running averages.
  public var batches = 101
  /// Images of each: 16 in the released script.
  public var batchSize = 16
  /// Multiplies variances by m / (m - 1), m being the values of a channel. Off: in the released script it has no effect.
  public var unbiased = false

  public init() {}
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension SegmentationSettings {
  enum CodingKeys: String, CodingKey, CaseIterable { case solver, seed, cropping, augmentation, conversion }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "phase 2")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.solver, into: &solver)
    try values.read(.seed, into: &seed)
    try values.read(.cropping, into: &cropping)
    try values.read(.augmentation, into: &augmentation)
    try values.read(.conversion, into: &conversion)
  }
}

/// Settings that are left out keep their defaults; unknown ones are an error.
extension ConversionSettings: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case batches, unbiased
    case batchSize = "batch_size"
  }

  public init(from decoder: any Decoder) throws {
    try KnownSettings.check(decoder, CodingKeys.self, of: "the conversion")
    let values = try decoder.container(keyedBy: CodingKeys.self)
    try values.read(.batches, into: &batches)
    try values.read(.batchSize, into: &batchSize)
    try values.read(.unbiased, into: &unbiased)
  }
}
