import DecoupledBase

/// How the statistics of the finished model are measured.
public struct ConversionSettings: SettingGroup {
  public var batches = 101
  public var batchSize = 16
  public var unbiased = false

  public static let groupName = "the conversion"
  public static let settings: [Setting<Self>] = [
    .number(
      "batches", \.batches, .between(0, 1_000_000),
      "Training batches whose statistics are averaged, 101 in the released script; 0 keeps the running averages."),
    .number("batch_size", \.batchSize, .between(1, 65536), "Images of each, 16 in the released script."),
    .flag(
      "unbiased", \.unbiased,
      "Multiplies variances by m / (m - 1), m being the values of a channel; in the released script that has no effect."
    ),
  ]

  public init() {}
}
