import DecoupledProposals
import DecoupledVision
import Foundation
import Testing

/// Edge Boxes against OpenCV's results (`Fixtures/make_proposal_fixtures.py`).
@Suite struct EdgeBoxesTests {
  struct Expected: Decodable {
    struct Boxes: Decodable {
      let settings: EdgeBoxesSettings
      let count: Int
      let boxes: [[Int]]
      let scores: [Float]
    }

    let boxes: [Boxes]
    struct Thinned: Decodable {
      let values: [Double]
    }

    let thinned: Thinned
  }

  private func expected() throws -> Expected {
    try JSONDecoder().decode(Expected.self, from: Data(Fixtures.bytes("expected.json")))
  }

  private func edges() throws -> EdgeMap {
    let magnitude = try MaskReader.read(Fixtures.path("magnitude.png"))
    let orientation = try MaskReader.read(Fixtures.path("orientation.png"))
    return try EdgeMap(
      width: magnitude.width, height: magnitude.height, magnitude: magnitude.labels.map { Float($0) / 255 },
      orientation: orientation.labels.map { Float($0) * Float(Double.pi / 256) })
  }

  @Test func thinningEqualsOpenCV() throws {
    let thinned = try edges().thinned()
    let values = try expected().thinned.values
    let different = zip(thinned.magnitude, values).filter { abs(Double($0) * 255 - $1) > 0.5 }.count
    #expect(different <= values.count / 1000)
  }

  @Test func boxesEqualOpenCV() throws {
    let expected = try expected()
    let edges = try edges()
    // The same edges to the last bit: one pixel more changes a group and many scores.
    let thinned = try EdgeMap(
      width: edges.width, height: edges.height, magnitude: expected.thinned.values.map { Float($0) / 255 },
      orientation: edges.orientation)
    for item in expected.boxes {
      let found = try EdgeBoxes(item.settings).proposals(from: thinned)
      #expect(abs(found.count - item.count) <= max(2, item.count / 100))
      let boxes = Set(found.map { [$0.x, $0.y, $0.width, $0.height] })
      let same = item.boxes.filter { boxes.contains($0) }.count
      #expect(Double(same) >= 0.97 * Double(item.boxes.count), "\(same) of \(item.boxes.count) with \(item.settings)")
      for (mine, theirs) in zip(found, item.scores).prefix(50) { #expect(abs(mine.score - theirs) < 1e-4) }
      #expect(found.allSatisfy { Window(width: 200, height: 150).encloses($0.window) && $0.score > 0 })
    }
  }

  @Test func aSquareIsFoundFirst() throws {
    var image = RGBImage(width: 120, height: 90, fill: (40, 60, 50))
    image.fill(Window(x1: 30, y1: 20, x2: 79, y2: 69), (220, 200, 90))
    let proposals = try ObjectProposals()
    let best = try #require(try proposals.proposals(for: image).first)
    #expect(best.overlap(BoxProposal(x: 30, y: 20, width: 50, height: 50, score: 1)) > 0.75)
    let edges = try proposals.detector.edges(in: image)
    // Across the left side the normal points along the row, across the upper side along the column.
    let left = edges.orientation[45 * 120 + 30]
    #expect(min(left, .pi - left) < 0.05)
    #expect(abs(edges.orientation[20 * 120 + 55] - .pi / 2) < 0.05)
  }

  @Test func evenAndTinyImages() throws {
    let proposals = try ObjectProposals()
    for (width, height) in [(1, 1), (2, 9), (3, 3), (40, 1), (64, 64)] {
      #expect(try proposals.proposals(for: RGBImage(width: width, height: height, fill: (9, 9, 9))).isEmpty)
    }
  }

  @Test func boxesThatAreLines() throws {
    var settings = EdgeBoxesSettings()
    settings.minBoxArea = 16
    settings.maxAspectRatio = 100
    settings.minScore = 0
    #expect(try !EdgeBoxes(settings).proposals(from: edges().thinned()).isEmpty)
  }

  @Test func wrongValuesAreRefused() throws {
    for change: (inout EdgeBoxesSettings) -> Void in [
      { $0.alpha = 1 }, { $0.beta = 0 }, { $0.eta = .nan }, { $0.minScore = -1 }, { $0.maxBoxes = 0 },
      { $0.maxAspectRatio = 0.5 }, { $0.minBoxArea = .infinity }, { $0.edgeMergeThr = 0 }, { $0.kappa = -1 },
    ] {
      var settings = EdgeBoxesSettings()
      change(&settings)
      #expect(message { _ = try EdgeBoxes(settings) }.contains("Edge Boxes parameter"))
    }
    #expect(message { _ = try EdgeMap(width: 1, height: 1, magnitude: [.nan], orientation: [0]) }.contains("no number"))
    #expect(message { _ = try EdgeMap(width: 1, height: 1, magnitude: [0], orientation: [4]) }.contains("0 to pi"))
    #expect(message { _ = try EdgeMap(width: 2, height: 1, magnitude: [0], orientation: [0]) }.contains("needs 2"))
  }

  @Test func absentSettingsKeepTheirDefaults() throws {
    let settings = try JSONDecoder().decode(EdgeBoxesSettings.self, from: Data(#"{"beta": 0.5}"#.utf8))
    var wanted = EdgeBoxesSettings()
    wanted.beta = 0.5
    #expect(settings == wanted)
  }
}
