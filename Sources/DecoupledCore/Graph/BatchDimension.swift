/// Names the dimension along which the batch size may vary from run to run, such as images or label rows.
public struct BatchDimension: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  public init(_ name: String) { self.name = name }
  public var description: String { name }
}
