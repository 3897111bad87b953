import DecoupledBase

/// Changes the scores of an image's labels before the largest decides, such as by what the image shows.
///
/// A refinement is a type in a file of its own and a line in `Refinements.all`.
public protocol Refinement: Sendable {
  /// What users call it.
  static var name: String { get }
  /// What it does, in a sentence.
  static var summary: String { get }
  static var settings: [RefinementSetting] { get }

  /// - Parameter values: all of `settings`, in their ranges.
  init(_ values: RefinementValues)

  /// What of the image it has to see to change a pixel.
  var reach: RefinementReach { get }

  /// Changes the scores of a strip. Rows at its ends that `reach` goes beyond are thrown away afterwards, unless the image
  /// ends there. Called for several strips at a time from several threads, or once for the whole image.
  func refine(_ scores: inout ScoreStrip, of image: RGBImage)
}

/// How far a pixel's new scores look.
public enum RefinementReach: Sendable, Equatable {
  /// At the scores of this many rows above and below.
  case rows(Int)
  /// At everything: memory then grows with labels times pixels.
  case wholeImage
}

/// A number that a refinement can be given.
public struct RefinementSetting: Sendable {
  public let name: String
  public let standard: Double
  public let range: ClosedRange<Double>
  public let isWhole: Bool
  /// What it means, in half a sentence, with its unit.
  public let summary: String

  public init(
    _ name: String, default standard: Double, _ range: ClosedRange<Double>, whole: Bool = false, _ summary: String
  ) {
    self.name = name
    self.standard = standard
    self.range = range
    isWhole = whole
    self.summary = summary
  }
}

/// The settings of a refinement.
public struct RefinementValues: Sendable, Equatable {
  private let values: [String: Double]

  /// - Throws: `invalidArgument` for a setting that does not exist or a value out of its range.
  public init(_ given: [String: Double], of type: any Refinement.Type) throws {
    for name in given.keys.sorted() where !type.settings.contains(where: { $0.name == name }) {
      let known = type.settings.map(\.name).joined(separator: ", ")
      throw EngineError(
        .invalidArgument,
        "The refinement '\(type.name)' has no setting '\(name)'; "
          + (known.isEmpty ? "it has none." : "it has \(known)."))
    }
    var values: [String: Double] = [:]
    for setting in type.settings {
      let value = given[setting.name] ?? setting.standard
      guard setting.range.contains(value), !setting.isWhole || value == value.rounded() else {
        let (least, most) = (setting.text(setting.range.lowerBound), setting.text(setting.range.upperBound))
        throw EngineError(
          .invalidArgument,
          "'\(setting.name)' of the refinement '\(type.name)' is a \(setting.isWhole ? "whole " : "")number "
            + "from \(least) to \(most), not \(setting.text(value)).")
      }
      values[setting.name] = value
    }
    self.values = values
  }

  /// A setting that the refinement declares.
  public subscript(_ name: String) -> Double { values[name] ?? 0 }
}

extension RefinementSetting {
  /// A value without a fraction of zero.
  func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
  }
}
