final class ReportHandle: HandleObject {
  static let noun = "report"
  let json: OwnedText
  let text: OwnedText
  let numbers: [String: Double]

  init(json: String, text: String, numbers: [String: Double]) {
    self.json = OwnedText(json)
    self.text = OwnedText(text)
    self.numbers = numbers
  }
}
