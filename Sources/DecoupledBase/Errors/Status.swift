/// What went wrong, in the categories of the status codes in `decoupled.h`.
public enum Status: Int32, Sendable {
  case invalidArgument = 1
  case notFound = 2
  case io = 3
  case format = 4
  case unsupported = 5
  case outOfMemory = 6
  case cancelled = 7
  case backend = 8
  case state = 9
  case numeric = 10
  case `internal` = 11
}
