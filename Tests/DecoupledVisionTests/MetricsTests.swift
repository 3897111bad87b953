import DecoupledVision
import Foundation
import Testing

@Suite struct ConfusionMatrixTests {
  @Test func equalsNumPy() throws {
    let expected: Fixtures.Confusion = try Fixtures.expected("confusion")
    var matrix = try ConfusionMatrix(classCount: 5)
    // Two images of half the pixels each: the counts are of the set.
    for half in 0..<2 {
      let part = (100 * half)..<(100 * half + 100)
      try matrix.accumulate(
        truth: LabelMap(width: 20, height: 5, labels: Array(expected.truth[part])),
        prediction: LabelMap(width: 20, height: 5, labels: Array(expected.guess[part])))
    }
    #expect(matrix.counts == expected.counts)
    #expect(zip(matrix.intersectionOverUnion, expected.values).allSatisfy { abs($0 - $1) < 1e-6 })
    // Class 4 occurs nowhere and counts as 0.
    #expect(matrix.intersectionOverUnion[4] == 0)
    #expect(abs(matrix.meanIntersectionOverUnion - expected.values.reduce(0, +) / 5) < 1e-6)
    #expect(abs(matrix.meanObjectIntersectionOverUnion - expected.values[1...].reduce(0, +) / 4) < 1e-6)
    #expect(abs(matrix.pixelAccuracy - expected.accuracy) < 1e-12)
    let scores = try SegmentationScores(matrix, classes: ClassList(["a", "b", "c", "d"]))
    #expect(scores.text.contains("mean with background") && scores.classes[0].name == "background")
    #expect(try JSONDecoder().decode(SegmentationScores.self, from: JSONEncoder().encode(scores)) == scores)
  }

  @Test func errorsCountNothing() throws {
    var matrix = try ConfusionMatrix(classCount: 3)
    let truth = LabelMap(width: 2, height: 1)
    #expect(
      message { try matrix.accumulate(truth: truth, prediction: LabelMap(width: 1, height: 2), name: "x") }.contains(
        "1x2"))
    for (a, b) in [([0, 0], [0, 255]), ([0, 0], [0, 3]), ([0, 3], [0, 0])] as [([UInt8], [UInt8])] {
      let sentence = message {
        try matrix.accumulate(
          truth: LabelMap(width: 2, height: 1, labels: a), prediction: LabelMap(width: 2, height: 1, labels: b),
          name: "x")
      }
      #expect(sentence.contains("of x holds") || sentence.contains("for x holds"))
    }
    #expect(matrix.counts.allSatisfy { $0 == 0 })
    #expect(matrix.pixelAccuracy == 0)
    #expect(message { _ = try ConfusionMatrix(classCount: 0) } != "")
    var other = try ConfusionMatrix(classCount: 2)
    #expect(message { try matrix.merge(other) } != "")
    try other.accumulate(truth: truth, prediction: truth)
    try other.merge(other)
    #expect(other.counts == [4, 0, 0, 0] && other.pixelAccuracy == 1)
  }
}

@Suite struct AveragePrecisionTests {
  @Test func equalsNumPy() throws {
    let expected: Fixtures.Precision = try Fixtures.expected("precision")
    var precision = try AveragePrecision(classes: ClassList(["a", "b", "c"]))
    for image in 0..<20 {
      let row = (3 * image)..<(3 * image + 3)
      try precision.add(scores: Array(expected.scores[row]), labels: expected.positive[row].map { $0 == 1 })
    }
    for (value, wanted) in zip(precision.perClass(), expected.values) { #expect(abs((value ?? -1) - wanted) < 1e-9) }
    #expect(abs(precision.mean() - expected.values.reduce(0, +) / 3) < 1e-9)
  }

  @Test func difficultTiedAndAbsent() throws {
    var precision = try AveragePrecision(classes: ClassList(["a", "b"]))
    try precision.add(scores: [0.9, 0.5], labels: [false, false], difficult: [true, false])
    try precision.add(scores: [0.8, 0.5], labels: [true, false])
    // The difficult image would have halved the precision of a; b never occurs.
    #expect(precision.perClass() == [1, nil])
    #expect(precision.mean() == 1)
    var tied = try AveragePrecision(classes: ClassList(["a"]))
    for label in [true, false, false, false] { try tied.add(scores: [0.5], labels: [label]) }
    #expect(tied.perClass() == [0.25])
    #expect(message { try tied.add(scores: [.nan], labels: [true]) } != "")
    #expect(message { try tied.add(scores: [1, 2], labels: [true]) } != "")
  }
}
