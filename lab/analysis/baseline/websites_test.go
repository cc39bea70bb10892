// What intruders leave on web sites and take away, each beside what looks like it.

package baseline

import "strings"

// encodedCode is a page of PHP that runs a text which nobody can read in a part of it.
const encodedCode = `<?php $k="bZ7Xw0pQ";eval(gzinflate(base64_decode($k)));`

var websites = []lookalike{
	{"a page that hides what it runs, among the programs of WordPress", "no-loot", "", moves([2]string{"STOR wp-includes/class-wp-cache.php", encodedCode})},
	{"a page that hides what it runs, among the additions to WordPress", "no-loot", IsUnusual, moves([2]string{"STOR wp-content/plugins/a/license.php", encodedCode})},
	{"the programs of WordPress", "no-loot", IsNormal, moves([2]string{"STOR wp-includes/class-pclzip.php", "<?php\n$v_content = @gzinflate($v_buffer);\n$d = base64_decode($v);\n// eval'd callbacks\n$x = call_user_func_array($f, $args);\n"})},
	{"pages that include a hidden file, put back just after they were fetched", "no-loot", "", moves(changedPages(4, "<?php @include \"\\x2fhome\\x2fa.ico\"; ?>\n")...)},
	{"pages that get a new line, put back just after they were fetched", "no-loot", IsNormal, moves(changedPages(4, "<?php include \"menu.php\"; ?>\n")...)},
	{"a page that tells who changed it, in another language", "no-loot", "", moves([2]string{"STOR index.html", "<h1>Diese Seite wurde von NordCrew gehackt</h1>"})},
	{"a page about those who changed others", "no-loot", IsNormal, moves([2]string{"STOR index.html", "<h1>Stadtwerke von Kriminellen gehackt</h1>"})},
}

// changedPages fetches n pages, and stores each with something in front of it.
func changedPages(n int, with string) (files [][2]string) {
	for i := range n {
		name, page := strings.Repeat("p", i+1)+"/index.php", "<?php\necho \"a page\";\ninclude \"footer.php\";\n"
		files = append(files, [2]string{"RETR " + name, page}, [2]string{"STOR " + name, with + page})
	}
	return files
}
