import CDecoupled
import DecoupledBase

@c @implementation public func dcn_report_json(_ report: OpaquePointer) -> UnsafePointer<CChar>? {
  reading(or: nil) { try Handles.find(report, ReportHandle.self).json.pointer }
}

@c @implementation public func dcn_report_text(_ report: OpaquePointer) -> UnsafePointer<CChar>? {
  reading(or: nil) { try Handles.find(report, ReportHandle.self).text.pointer }
}

@c @implementation public func dcn_report_number(_ report: OpaquePointer, _ name: UnsafePointer<CChar>) -> Double {
  reading(or: .nan) {
    let numbers = try Handles.find(report, ReportHandle.self).numbers
    let name = try text(name, "name")
    guard let number = numbers[name] else {
      let known = numbers.keys.sorted().joined(separator: ", ")
      throw EngineError(.notFound, "The report has no number '\(name)'; it has \(known).")
    }
    return number
  }
}

@c @implementation public func dcn_report_free(_ report: OpaquePointer?) { Handles.free(report, ReportHandle.self) }
