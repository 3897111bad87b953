import DecoupledBase
import DecoupledVision
import Testing

struct RefinementTests {
  /// Bright on the right of column 30, with the scores of two labels blurred over that border and displaced by two pixels.
  private func step() -> (image: RGBImage, scores: ScoreStrip) {
    let (width, height) = (60, 24)
    var image = RGBImage(width: width, height: height)
    var scores: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        image[x, y] = x < 30 ? (40, 50, 60) : (200, 190, 180)
        let right = min(max(Float(x - 22) / 20, 0), 1)
        scores += [1 - right, right]
      }
    }
    return (image, ScoreStrip(width: width, rows: 0..<height, labels: 2, values: scores))
  }

  @Test func guidedMovesBordersToEdges() throws {
    var (image, scores) = step()
    func wrong() -> Int { (0..<60 * 24).count { (scores.largest($0) == 1) != ($0 % 60 >= 30) } }
    #expect(wrong() == 3 * 24)
    try Refinements.make("guided").refine(&scores, of: image)
    #expect(wrong() == 0)
  }

  /// Without an edge the filter is a smooth mean, and rows of another part of the image are not looked at.
  @Test func guidedReadsItsOwnRows() throws {
    var (image, scores) = step()
    let half = ScoreStrip(width: 60, rows: 12..<24, labels: 2, values: Array(scores.values[(12 * 120)...]))
    for i in 0..<12 * 60 * 3 { image.pixels[i] = 0 }
    var refined = half
    let guided = try Refinements.make("guided")
    guided.refine(&refined, of: image)
    guided.refine(&scores, of: step().image)
    #expect(refined.values.last == scores.values.last)
  }

  @Test(arguments: ["guided", "guided:radius=4", "guided:radius=4,epsilon=0.001"])
  func parsesTheDefaults(text: String) throws {
    #expect(try Refinements.parse(text).reach == .rows(8))
  }

  @Test(arguments: [
    ("sharpen", "There is no refinement 'sharpen'; there is guided"), ("guided:radius", "name=number"),
    ("guided:", "name=number"), ("guided:radius=2.5", "whole number from 1 to 64, not 2.5"),
    ("guided:radius=nan", "name=number"), ("guided:size=3", "no setting 'size'; it has radius, epsilon"),
    ("guided:epsilon=2", "to 1, not 2"),
  ])
  func refusesByASentence(text: String, sentence: String) {
    let error = #expect(throws: EngineError.self) { try Refinements.parse(text) }
    #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
  }

  @Test func readsJSON() throws {
    #expect(
      try Refinements.decode(json: #"["guided", {"name": "guided", "radius": 2}]"#).map(\.reach) == [
        .rows(8), .rows(4),
      ])
    #expect(try Refinements.decode(json: "[]").isEmpty)
    for json in [#"{"name": "guided"}"#, "guided", "[3]", #"[{"radius": 2}]"#, #"[{"name": "guided", "radius": "2"}]"#]
    {
      let error = #expect(throws: EngineError.self) { try Refinements.decode(json: json) }
      #expect(error?.message.contains("is no list of refinements") == true)
    }
  }

  @Test func allHaveNamesOfTheirOwn() {
    #expect(Set(Refinements.all.map { $0.name }).count == Refinements.all.count)
    for type in Refinements.all { #expect(Refinements.help.contains("\(type.name): \(type.summary)")) }
  }
}
