# Guards of the binary interface; read by Tests/abi/run, whose variables and functions it uses.

# --- what the library exports is what the version script and the header name
sed -n 's/^ *\(dcn_[a-z0-9_]*\);.*/\1/p' "$root/Sources/DecoupledABI/exports.map" | sort > "$work/scripted"
check "the version script names exactly the functions of the header" diff "$work/declared" "$work/scripted"
for plugin in "$build"/libdecoupled-backend-*.so; do
  [ -f "$plugin" ] || continue
  check "$(basename "$plugin") exports its entry point and nothing else" sh -c \
    "[ \"\$(nm -D --defined-only '$plugin' | awk '{print \$3}' | sed 's/@.*//' | sort -u)\" = dcn_backend_entry ]"
done

# --- sizes, offsets and values, and the types of all functions, as they were written down
for compiler in gcc clang; do
  command -v $compiler > /dev/null || { say "skip layout.c with $compiler: it is not installed"; continue; }
  check "sizes, offsets and values are those of layout.c with $compiler" $compiler -std=c11 $strict -fsyntax-only "$here/layout.c"
done
if command -v abidiff > /dev/null; then
  check "the headers describe the interface of layout.c and baseline.abi" "$here/freeze" --check
else
  say "skip baseline.abi: abidiff is not installed (package abigail-tools)"
fi

# --- structs of older and newer headers
plugin_flags="-shared -fPIC -fvisibility=hidden -Wl,--no-undefined"
optional='offsetof(dcn_backend_table,preferred_layout)'
required='offsetof(dcn_backend_table,run)'
for table in "old $optional" "new sizeof(dcn_backend_table)+64" "short $required"; do
  set -- $table
  check "sized_plugin.c compiles with a table of $2 bytes" gcc -std=c99 $strict $plugin_flags "-DTABLE_SIZE=($2)" \
    "$here/sized_plugin.c" -o "$work/$1.so"
done
check "sizes.c compiles" gcc -std=c99 $strict "$here/sizes.c" -o "$work/sizes" $link
each sizes "$work/sizes" "$work/dataset" "$work/old.so" "$work/new.so" "$work/short.so"

# --- programs and plugins of every release, compiled against its own headers, with the library of today
for release in "$here"/releases/*/; do
  version=$(basename "$release")
  kept="-std=c99 -Wall -Wextra -pedantic -Werror -I$release/include"
  check "the plugin of $version compiles against its headers" gcc $kept $plugin_flags "$release/plugin.c" -o "$work/kept-$version.so"
  check "the program of $version compiles against its headers" gcc $kept "$release/program.c" -o "$work/kept-$version" $link
  each "the program of $version" "$work/kept-$version" "$work/kept-$version.so" "$work"
done

# --- the example plugins, each with its own Makefile
for example in "$root"/examples/plugin*/; do
  folder=$(basename "$example")
  cp -r "$example" "$work/$folder"
  check "examples/$folder compiles without a warning" make -s -C "$work/$folder" clean all \
    OPTIMISATION='-O2 -Werror -pedantic' PKG_CONFIG_PATH="$PKG_CONFIG_PATH"
  for plugin in "$work/$folder"/*.so; do
    check "$(basename "$plugin") exports its entry point and nothing else" sh -c \
      "[ \"\$(nm -D --defined-only '$plugin' | awk '{print \$3}')\" = dcn_backend_entry ]"
    check "$(basename "$plugin") needs no Swift" sh -c "! ldd '$plugin' | grep -i swift"
  done
done

# --- loaded at run time, by several threads, twice in one process, and forked
cp -L "$build/libdecoupled.so" "$work/second.so"
check "process.c compiles" gcc -std=c99 -D_GNU_SOURCE $strict "$here/process.c" -o "$work/process" -ldl -lpthread
each process "$work/process" "$build/libdecoupled.so" "$work/second.so" "$work/kept-0.1.0.so"

# --- memory: allocations that fail, predictions without end (here a short run; the figures of long ones: docs/security.md)
for program in memory soak; do
  # The program's own malloc and mmap stand in for the library's.
  check "$program.c compiles" gcc -std=gnu99 -O1 -D_GNU_SOURCE -Wall -Wextra -Werror "-I$prefix/include" "$here/$program.c" \
    -o "$work/$program" $link -Wl,--export-dynamic -ldl
done
each memory "$work/memory"
each soak "$work/soak" 500

# --- every function of the header is called by the fuzz programs
check "Tests/fuzz calls every function" sh -c "
  sed 's/.*/&(/' '$work/declared' | while read name; do
    grep -qF \"\$name\" '$root'/Tests/fuzz/*.[ch] || { echo \"\$name\"; exit 1; }
  done"
for program in files calls; do
  check "Tests/fuzz/$program.c compiles" gcc -std=gnu11 -O1 -Wall -Wextra -Werror "-I$prefix/include" "$root/Tests/fuzz/$program.c" \
    "$root/Tests/fuzz/replay.c" -o "$work/replay-$program" $link
  each "replay of $program" "$work/replay-$program" "$root/Tests/fuzz/corpus/$program"
done

# --- where plugins are looked for
check "search.c compiles" gcc -std=c99 $strict "$here/search.c" -o "$work/search" $link
mkdir "$work/good" "$work/open" "$work/loose" "$work/above" "$work/above/below"
for folder in good open loose above/below; do cp "$work"/kept-0.1.0.so "$work/$folder/libdecoupled-backend-kept.so"; done
chmod 777 "$work/open" "$work/above"
chmod o+w "$work/loose/libdecoupled-backend-kept.so"
# finds FOLDER PATTERN [PROGRAM]: what the search says with DECOUPLED_BACKEND_PATH set to FOLDER, run in the folder `good`.
finds() {
  found=$(cd "$work/good" && DECOUPLED_BACKEND_PATH=$1 "${3:-$work/search}" kept)
  echo "$found" | grep -q "$2" || { echo "DECOUPLED_BACKEND_PATH=$1: $found"; false; }
}
check "a plugin in a folder of DECOUPLED_BACKEND_PATH is found" finds "$work/good" '^found'
check "one in the working directory is not" finds "" '^absent'
check "nor when a relative path names it" finds ".:../good" '^absent'
check "one in a folder that everybody may write to is refused" finds "$work/open" '^refused.*everybody may write'
check "so is one that everybody may write to" finds "$work/loose" '^refused.*everybody may write'
check "so is one below such a folder" finds "$work/above/below" '^refused.*everybody may write'
if chgrp nogroup "$work/search" 2> /dev/null; then
  # Such a program has other rights than its caller: its environment is not its own.
  cp "$work/search" "$work/privileged"
  chgrp nogroup "$work/privileged" && chmod g+s "$work/privileged"
  if finds "$work/good" '^privileged' "$work/privileged" > /dev/null; then
    check "a setgid program ignores DECOUPLED_BACKEND_PATH" finds "$work/good" '^absent' "$work/privileged"
    export DECOUPLED_NUM_THREADS=97
    check "a setgid program ignores DECOUPLED_NUM_THREADS" sh -c "! '$work/privileged' kept | grep -q 'threads 97'"
    unset DECOUPLED_NUM_THREADS
  else
    say "skip setgid programs: this file system does not have them"
  fi
else
  say "skip setgid programs: only root can make one here"
fi
