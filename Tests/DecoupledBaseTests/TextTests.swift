import DecoupledBase
import Foundation
import Testing

@Suite struct TextTests {
  @Test func numbers() {
    #expect(NumberText.fixed(1.005, digits: 2) == "1.00" || NumberText.fixed(1.005, digits: 2) == "1.01")
    #expect(NumberText.fixed(-0.004, digits: 2) == "0.00" && NumberText.fixed(-1.26, digits: 1) == "-1.3")
    #expect(NumberText.fixed(99.5, digits: 0) == "100" && NumberText.fixed(.infinity, digits: 3) == "inf")
    #expect(NumberText.short(0.00012345) == "0.000123" && NumberText.short(1e-7, digits: 2) == "1e-07")
    #expect(NumberText.short(123456) == "1.23e+05" && NumberText.short(.nan) == "nan")
  }

  @Test func tables() {
    #expect(TextTable.aligned([["a", "10"], ["long", "2"]]) == "a     10\nlong   2\n")
    #expect(TextTable.percentages([("x", 0.12345)]) == "x  12.35\n")
  }

  @Test func quotedTextsAreJSON() throws {
    for text in ["", "plain", "a \"quote\" and \\", "line\nend\tand \u{1}", "Grün 🌿"] {
      let decoded = try JSONDecoder().decode([String].self, from: Data("[\(JSONText.quoted(text))]".utf8))
      #expect(decoded == [text])
    }
  }

  @Test func elementsOfLargeJSON() throws {
    let text = #"{"skip": {"a": [1, "]"]}, "rows": [{"n": 1}, {"n": 2, "t": "a\"}"}], "other": 3}"#
    let bytes = Array(text.utf8)
    let members = try JSONMembers(bytes, path: "x.json", lists: ["rows", "none"])
    let rows = try #require(members.elements["rows"])
    struct Row: Decodable { let n: Int }
    let decoded = try rows.map { try JSONMembers.decode(Row.self, from: bytes[$0], of: "x.json", what: "row").n }
    #expect(decoded == [1, 2] && members.elements["none"] == nil)
    #expect(status { _ = try JSONMembers(Array(bytes.dropLast(20)), path: "x.json", lists: ["rows"]) } == .format)
    let wrong = Array(#"{"n": "one"}"#.utf8)
    let sentence = message { _ = try JSONMembers.decode(Row.self, from: wrong[...], of: "x.json", what: "row 7") }
    #expect(sentence == "'x.json': row 7 cannot be used: 'n' is not a whole number.")
  }
}
