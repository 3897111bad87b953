import DecoupledBase
import DecoupledNetworks

/// The scores of one image, as text and as JSON.
enum PredictionLine {
  static func text(_ prediction: Prediction, _ path: String, _ model: Model) -> String {
    let found = prediction.identified.map {
      "\(model.classNames[$0]) \(Console.decimal(Double(prediction.scores[$0]), 2))"
    }
    return "\(path): \(found.isEmpty ? "no class" : found.joined(separator: ", "))"
  }

  static func json(_ prediction: Prediction, _ path: String, _ model: Model) -> String {
    let scores = model.classNames.enumerated().map { "\(JSONText.quoted($1)): \(prediction.scores[$0])" }
    let found = prediction.identified.map { JSONText.quoted(model.classNames[$0]) }
    return
      "{\"image\": \(JSONText.quoted(path)), \"identified\": [\(found.joined(separator: ", "))], \"scores\": {\(scores.joined(separator: ", "))}}"
  }
}
