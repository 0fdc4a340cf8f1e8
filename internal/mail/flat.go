package mail

import (
	"slices"
	"text/template/parse"
)

// flattener puts into a template, in place of each call, what is called. It finds
// templates by their names, or nil.
type flattener func(name string) *parse.Tree

// maxCalls bounds how deep calls may lie in each other: a template can call itself.
const maxCalls = 10

// list returns copies of nodes, without calls; ok is false where it cannot be told
// what a call writes. all reports whether the dot is all the words.
func (f flattener) list(l *parse.ListNode, all bool, depth int) (_ *parse.ListNode, ok bool) {
	if l == nil {
		return nil, true
	}
	flat := &parse.ListNode{NodeType: l.NodeType, Pos: l.Pos}
	for _, n := range l.Nodes {
		nodes, ok := f.node(n.Copy(), all, depth)
		if !ok {
			return nil, false
		}
		flat.Nodes = append(flat.Nodes, nodes...)
	}
	return flat, true
}

func (f flattener) node(n parse.Node, all bool, depth int) (_ []parse.Node, ok bool) {
	ok = true
	switch n := n.(type) {
	case *parse.IfNode:
		ok = f.branch(&n.BranchNode, all, all, depth)
	case *parse.WithNode:
		ok = f.branch(&n.BranchNode, false, all, depth)
	case *parse.TemplateNode:
		return f.called(n, all, depth)
	}
	return []parse.Node{n}, ok
}

func (f flattener) branch(n *parse.BranchNode, inside, outside bool, depth int) bool {
	var ok, okElse bool
	n.List, ok = f.list(n.List, inside, depth)
	n.ElseList, okElse = f.list(n.ElseList, outside, depth)
	return ok && okElse
}

// called is what a call writes. One with less than all the words, in a with, is
// known to write the same only where nothing but text is called.
func (f flattener) called(n *parse.TemplateNode, all bool, depth int) (_ []parse.Node, ok bool) {
	tree := f(n.Name)
	if tree == nil || depth == maxCalls || n.Pipe == nil || n.Pipe.String() != "." || !all && !isText(tree.Root) {
		return nil, false
	}
	flat, ok := f.list(tree.Root, true, depth+1)
	if !ok {
		return nil, false
	}
	return flat.Nodes, true
}

func isText(l *parse.ListNode) bool {
	return !slices.ContainsFunc(l.Nodes, func(n parse.Node) bool { return n.Type() != parse.NodeText })
}

func (s *sheet) htmlTree(name string) *parse.Tree {
	if t := s.html.Lookup(name); t != nil {
		return t.Tree
	}
	return nil
}

func (s *sheet) textTree(name string) *parse.Tree {
	if t := s.text.Lookup(name); t != nil {
		return t.Tree
	}
	return nil
}
