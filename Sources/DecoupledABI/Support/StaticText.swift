/// A string of the program as a C string that lives as long as the process.
struct StaticText {
  private let text: StaticString
  init(_ text: StaticString) { self.text = text }
  var pointer: UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }
}
