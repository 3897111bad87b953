/// What the random numbers of a run are for, so that uses do not share numbers.
public enum RandomStream: UInt64 {
  case shuffle = 1
  case crop = 2
  case window = 3
  case dropout = 4
}
